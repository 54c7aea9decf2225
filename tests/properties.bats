#!/usr/bin/env bats
# What must hold for any input: the same bytes however it is read, the same rows in whatever order it comes.
# shellcheck disable=SC2086,SC2094 # commands in variables are several words; bats sets stderr

load helper

setup_file() {
  setup_tools
  "${CC:-cc}" -O2 -D_GNU_SOURCE -o "$BATS_FILE_TMPDIR/drip" "$BATS_TEST_DIRNAME/drip.c"
}

setup() {
  setup_tools
  PATH="$BATS_FILE_TMPDIR:$PATH"
}

# Every tool, as it is run below: one a line.
all_tools() {
  cat <<'EOT'
cs-parse
cs-parse --from=ndjson --key=event_id,session_id --where=.device_type!="mobile"
cs-window --size=1m --by=traffic_source,device_type --agg=n=count --agg=d=distinct(session_id) --agg=s=sum(.price) --agg=f=first(page_url) --agg=l=last(user_id)
cs-window --size=2m --slide=30s --by=product_id --agg=n=count --agg=a=avg(.price*.quantity) --order-by=-n --top=5
cs-funnel --size=2m
cs-sessionize --gap=1m
cs-abandon --after=1m
cs-anomaly --size=30s --baseline=5m --all
cs-identify --hold=1m --anonymous=session_id,device_type --bots=5/10s --key=person_id
EOT
}

# The same lines in any order: that of --late and --rejects is not promised.
same_lines() {
  cmp <(sort "$1") <(sort "$2")
}

@test "any read size from one byte up gives the same bytes" {
  traffic --events=8 --rate=2 --malformed=12 --unicode --extras --disorder=20s --repeats=10 --seed=4 | head -c -7 >small
  traffic --events=300 --rate=2 --malformed=8 --unicode --extras --disorder=20s --repeats=5 --nulls=10 --seed=5 | head -c -7 >big
  { printf '\xef\xbb\xbf\r\n\n' && traffic --events=8 --rate=2 --partitions=3 --disorder=20s && printf '\n0\t7\tx\n'; } >framed
  local tool size
  while read -r tool; do
    for size in 1 3; do
      for file in small framed; do
        [ $size = 1 ] || [ $file = framed ] || continue
        counted $tool --late=late.want --rejects=rejects.want <$file >want
        drip $size <$file | counted $tool --late=late --rejects=rejects >got
        cmp want got
        same_lines late.want late
        same_lines rejects.want rejects
      done
    done
    counted $tool --late=late.want --rejects=rejects.want <big >want
    shared_counters stats.json >stats.want
    for size in '0 1' 100000; do
      drip $size <big | counted $tool --late=late --rejects=rejects >got
      cmp want got
      same_lines late.want late
      same_lines rejects.want rejects
      shared_counters stats.json | cmp stats.want -
    done
  done < <(all_tools)
}

# Sorts lines by a random shift of their time, less than $1 seconds: a shuffle within that lateness.
shuffle_within() {
  awk -v within="$1" -v seed="$2" 'BEGIN { srand(seed) } {
    match($0, /T[0-9:.]*Z"}$/)
    time = substr($0, RSTART + 1, 2) * 3600 + substr($0, RSTART + 4, 2) * 60 + substr($0, RSTART + 7, 6)
    printf "%.6f\t%s\n", time + rand() * within * 0.999, $0 }' | sort -n | cut -f 2-
}

@test "any shuffle within the lateness gives the same rows" {
  traffic --events=6000 --rate=20 --unicode --nulls=5 --seed=6 >sorted
  local tool seed
  while read -r tool; do
    counted $tool --lateness=30s sorted | sort >want
    [ -s want ]
    for seed in 1 2; do
      shuffle_within 30 $seed <sorted >shuffled
      run ! cmp -s sorted shuffled
      counted $tool --lateness=30s shuffled >got
      [ "$(fate late)" -eq 0 ]
      # Rows of all tools but cs-parse come in an order of their own.
      case $tool in cs-parse*) sort got ;; *) cat got ;; esac | cmp - <(case $tool in cs-parse*) cat want ;; *) $tool --lateness=30s sorted ;; esac)
    done
  done < <(all_tools)
}

@test "twelve partitions, framed, in any interleaving, give the rows of one stream" {
  traffic --events=6000 --rate=20 --unicode --extras --seed=7 >sorted
  traffic --events=6000 --rate=20 --unicode --extras --seed=7 --partitions=12 >framed
  # By turns at random; each partition's own order stays.
  awk -F'\t' 'BEGIN { srand(3) } { line[$1, n[$1]++] = $0; left++ }
    END { while (left > 0) { p = int(rand() * 12); k = int(rand() * 50)
      while (k-- > 0 && at[p] < n[p]) { print line[p, at[p]++]; left-- } } }' framed >mixed
  sort -n -s -k 1,1 framed >apart
  sort -n -r -s -k 1,1 framed >backwards
  local tool file
  while read -r tool; do
    case $tool in cs-parse*) continue ;; esac
    $tool --lateness=0 sorted >want
    [ -s want ]
    for file in framed mixed apart backwards; do
      counted $tool --lateness=0 --partitions=0-11 $file >got
      [ "$(fate late)" -eq 0 ]
      cmp want got
    done
  done < <(all_tools)
}

@test "twelve FIFOs give the rows of one stream" {
  traffic --events=6000 --rate=20 --seed=8 >sorted
  traffic --events=6000 --rate=20 --seed=8 --partitions=12 | awk -F'\t' '{ print > ("framed." $1) }'
  local tool i
  for i in {0..11}; do cut -f 3- framed.$i >plain.$i; done
  while read -r tool; do
    case $tool in cs-parse*) continue ;; esac
    $tool --lateness=0 sorted >want
    for kind in plain framed; do
      counted $tool --lateness=0 <(cat $kind.0) <(sleep 0.05 && cat $kind.1) <(cat $kind.2) <(cat $kind.3) <(cat $kind.4) \
        <(drip 5000 <$kind.5) <(cat $kind.6) <(cat $kind.7) <(cat $kind.8) <(cat $kind.9) <(cat $kind.10) <(cat $kind.11) >got
      cmp want got
      counted $tool --lateness=0 --interleave $kind.{0..11} >got
      cmp want got
    done
  done < <(all_tools)
}

@test "the sum of 100,000 prices is the same in any order" {
  awk 'BEGIN { srand(5); for (i = 0; i < 100000; i++)
    printf "{\"event_time\":%d,\"price\":%s}\n", 1767225600 + i % 600, (i % 7 == 0 ? "-" : "") (i % 5 == 0 ? rand() * 1e9 : sprintf("%.9f", rand())) }' >prices
  cs-window --lateness=max --size=10m --agg='s=sum(price)' --agg='a=avg(price)' --agg='m=max(price)' prices >want
  [ "$(jq .s want)" != null ]
  sort -R --random-source=prices prices | cs-window --lateness=max --size=10m --agg='s=sum(price)' --agg='a=avg(price)' --agg='m=max(price)' | cmp want -
  tac prices | cs-window --lateness=max --size=10m --agg='s=sum(price)' --agg='a=avg(price)' --agg='m=max(price)' | cmp want -
  # And it is the sum: of cents, which can be added by other means.
  awk 'BEGIN { srand(6); for (i = 0; i < 100000; i++) { cents = int(rand() * 1e7); sum += cents
    printf "{\"event_time\":%d,\"price\":%d.%02d}\n", 1767225600 + i % 600, cents / 100, cents % 100 }
    printf "%.0f.%02d\n", int(sum / 100), sum % 100 >"exact" }' >prices
  cs-window --lateness=max --size=10m --agg='s=sum(price)' prices | grep -F "\"s\":$(sed 's/\.\{0,1\}0*$//' exact)}"
}

@test "every kernel of the scanner gives the same bytes" {
  traffic --events=3000 --unicode --escapes --shuffle-members --malformed=10 --extras --nulls=10 --seed=11 >messy
  traffic --events=3000 --unicode --malformed=3 --extras --disorder=20s --repeats=3 --seed=12 >usual
  jq -cR 'fromjson? // empty' usual | sed 's/":/": /g; s/,"/, "/g' >spaced
  paste -d '\n' spaced usual messy >mixed
  local tool simd file
  while read -r tool; do
    for file in messy usual mixed; do
      CS_SIMD=plain counted $tool --late=late.want --rejects=rejects.want $file >want
      for simd in avx2 avx512; do
        CS_SIMD=$simd counted $tool --late=late --rejects=rejects $file >got
        cmp want got
        cmp rejects.want rejects
        cmp late.want late
      done
    done
  done < <(all_tools)
}

@test "a line means the same among any others" {
  # Each line of one file by itself, and all of them together. Alone, a line may look like a file of another format.
  traffic --events=150 --unicode --escapes --shuffle-members --malformed=20 --extras --seed=13 >lines
  jq -cR 'fromjson? // empty' lines | head -n 50 | sed 's/":/": /g; s/,"/, "/g' >>lines
  cs-parse --from=ndjson --rejects=rejects lines >together
  split -l 1 -a 4 lines line.
  for line in line.*; do
    cs-parse --from=ndjson --rejects=one $line 2>err || [ $? -eq 1 ]
    cat one >>alone.rejects
  done >alone
  cmp together alone
  [ "$(jq -r .reason rejects | sort | uniq -c)" = "$(jq -r .reason alone.rejects | sort | uniq -c)" ]
}

@test "an expression that is left after its first output is as good for the next event" {
  # libjq 1.6 minds being left inside of path(f). What it was in the middle of is lost, once a program: a leak checker
  # would say so.
  export ASAN_OPTIONS=detect_leaks=0
  local expr
  minutes 0 9 '"p":{"q":1}' >in
  for expr in leaf_paths paths 'first(paths)' 'limit(1; paths)' 'path(first(.p, .q))' 'paths(type == "number")' \
    'path(repeat(.p?))' '.event_id, error'; do
    counted cs-parse -w "$expr" in 2>err >out
    [ "$(fate used)" -eq 10 ] && [ "$(fate expression_errors)" -eq 0 ] && [ ! -s err ]
  done
  counted cs-window --size=1h --by='v=paths | length' --agg=n=count in >rows
  [ "$(jq -c '[.v, .n]' rows)" = '[1,10]' ]
}

@test "equal events give equal rows, however they are written" {
  traffic --events=3000 --seed=14 --unicode >plain
  traffic --events=3000 --seed=14 --unicode --escapes --shuffle-members >messy
  jq -c . plain | sed 's/":/" :\t/g; s/,"/ , "/g; s/^/ /; s/$/ \r/' >spaced
  local tool
  while read -r tool; do
    case $tool in cs-parse* | cs-identify*) continue ;; esac # these print events as they are written
    $tool plain >want
    $tool messy | cmp want -
    $tool spaced | cmp want -
  done < <(all_tools)
}

@test "it does not matter whether a map is asked about one record or many: a bad one costs only itself" {
  local program
  traffic --events=600 --rate=1 --nulls=5 >lines
  sed -i '5~97s/^{/{"bad/; 7~101s/$/x/; 9~89s/"event_type":"[a-z_]*"/"event_type":1234567890123456789/' lines
  for program in . '., .' '[., {event_time, event_type}]' 'if .user_id == null then error("no user") else . end' \
    'if (.page_url | length) % 7 == 0 then 1 elif (.page_url | length) % 11 == 0 then empty else . end' \
    'if (.page_url | length) % 37 == 0 then last(range(1e12)) else . end' '.x = ("y" * 40000)'; do
    # Pieces smaller than a record: there is never a second one to ask about.
    drip 200 <lines | counted cs-parse --map="$program" --rejects=rejects.one >one 2>said.one || true
    counted cs-parse --map="$program" --rejects=rejects.many <lines >many 2>said.many || true
    cmp one many
    cmp rejects.one rejects.many
    diff said.one said.many
    [ -s one ]
  done
  { echo event_time,event_type,note && jq -r '[.event_time // "", .event_type // "", "a \"b\"\n,c"] | @csv' <(traffic --events=300); } >rows.csv
  sed -i '3~50s/.*/event_time,event_type,note/; 4~70s/.*/, "x/; 5~90s/.*/\n#/' rows.csv
  drip 30 <rows.csv | counted cs-parse --from=csv --map='.note |= ascii_upcase' --rejects=rejects.one >one
  counted cs-parse --from=csv --map='.note |= ascii_upcase' --rejects=rejects.many <rows.csv >many
  cmp one many
  cmp rejects.one rejects.many
  [ -s many ] && [ -s rejects.many ]
}
