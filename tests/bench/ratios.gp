# gnuplot -e "data='ratios.tsv'; out='ratios.svg'": how many times as fast as the peer, and what is wanted.
set terminal svg size 1100, 900 font 'sans,11' background rgb 'white'
set output out
set datafile separator "\t"
set title 'times as fast as the peer (median of wall-clock time; 1 = the same)'
set logscale x
set yrange [:] reverse
set grid x
set key bottom right
set offsets graph 0.05, graph 0.05, 1, 1
plot data using 2:0:ytic(1) with points pt 7 ps 1 lc rgb '#1f6f8b' title 'measured', \
     data using ($3 > 0 ? $3 : NaN):0 with points pt 5 ps 0.6 lc rgb '#c0392b' title 'wanted'
