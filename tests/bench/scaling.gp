# gnuplot -e "data='scaling.tsv'; out='scaling.svg'": how many times as fast as one job, by the number of jobs.
set terminal svg size 1100, 500 font 'sans,11' background rgb 'white'
set output out
set datafile separator "\t"
names = system("cut -f1 '".data."' | uniq | sort -u")
set grid
set key outside right
set title 'times as fast as one job'
set xlabel 'jobs'
set xtics 1
set yrange [0:*]
plot x with lines lc rgb '#bbbbbb' title 'all of each processor', \
     for [name in names] data using (stringcolumn(1) eq name ? $2 : NaN):3 with linespoints title name noenhanced
