# gnuplot -e "data='growth.tsv'; out='growth.svg'": time for an event, and memory, by how much there is.
set terminal svg size 1100, 800 font 'sans,11' background rgb 'white'
set output out
set datafile separator "\t"
names = system("cut -f1 '".data."' | uniq | sort -u")
set logscale x
set format x '%.0s%c'
set grid
set key outside right
set multiplot layout 2, 1
set title 'processor time for an event'
set ylabel 'ns'
set yrange [0:*]
plot for [name in names] data using (stringcolumn(1) eq name ? $2 : NaN):3 with linespoints title name noenhanced
set title 'largest resident memory'
set ylabel 'MiB'
set logscale y
set yrange [*:*]
set xlabel 'events, groups, open sessions'
plot for [name in names] data using (stringcolumn(1) eq name ? $2 : NaN):4 with linespoints title name noenhanced
unset multiplot
