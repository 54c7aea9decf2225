# How cs-ship brings segments into a table of PostgreSQL: sourced by it. One psql is kept open; what it has there to do is in
# ship-postgres.sql. A segment is one transaction in which the table clickstream_segments notes its number, so it is there
# once, whoever dies when. The spool is known by what is in its .ship.id, not by its name.
# shellcheck shell=bash disable=SC2154 # variables and functions of cs-ship

refused=''                     # rows that the table has not taken, once there is a connection
psql='' psql_in='' psql_out='' # the process, and the pipes to it and from it
psql_ended=''                  # it has ended
spool_id='' answer_end=''      # what the spool is known by; the line behind each answer of psql
said=()                        # other lines of the answer

# What is wrong with the options ends the run.
postgres_options() {
  if [ -n "$brokers$topic${connection[*]}${properties[*]}" ]; then
    wrong '--postgres: rows go to PostgreSQL or to Kafka: without -b, -t, -F and -X'
  fi
  [ -n "$table" ] || wrong '--postgres needs --table=NAME'
  command -v psql >/dev/null || wrong 'psql is not installed: it is what talks to PostgreSQL (apt-get install postgresql-client)'
  [[ -z $create || $create == /* ]] || create=$PWD/$create
  [ -z "$create" ] || [ -r "$create" ] || wrong "--create: $create: cannot be read"
}

# Once the spool is ours.
postgres_begin() {
  local file=$spool/.ship.id
  if [ ! -e "$file" ]; then
    read -r spool_id </proc/sys/kernel/random/uuid
    if ! { printf '%s\n' "$spool_id" >"$file.new" && sync -- "$file.new" && mv -f -- "$file.new" "$file" && sync -- "$spool"; }; then
      say "$file: cannot be written"
      exit 1
    fi
  fi
  read -r spool_id <"$file" || true
  if [[ ! $spool_id =~ ^[0-9a-f-]{36}$ ]]; then
    say "$file: is damaged: it says which segments of this spool are in the database; without it they may come twice"
    exit 3
  fi
  answer_end="done $SRANDOM$SRANDOM" # not to be guessed by who writes what an error message quotes
  # What is wrong with the table is said now, and not with the first row. Who wants only what is there shipped needs no
  # server when there is nothing.
  [ -n "$once" ] && [ -z "$create" ] || postgres_open || [ -z "$once" ] || exit 1
}

# psql in the place of this process. As kcat: in a session of its own, so that a ^C meant for the pipeline does not reach it,
# and killed when its parent dies. Without a terminal nobody can be asked for a password.
postgres_run() {
  local -a first=()
  [ -z "$create" ] || first=(-f "$create")
  cd -- "$spool" || exit
  export PGAPPNAME=${PGAPPNAME:-cs-ship} PGCLIENTENCODING=UTF8 PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-10}
  exec setpriv --pdeathsig KILL setsid psql -XqAtw -d "$postgres" -v ON_ERROR_STOP=1 -v VERBOSITY=verbose \
    -v "table=$table" -v "spool=$spool_id" -v "directory=$PWD" "${first[@]}" -f "$share/ship-postgres.sql" -f -
}

# The pipes are open both ways here, so opening waits for nobody; psql has its own end only, and ends when we do.
postgres_open() {
  postgres_close
  rm -f -- "$spool/.ship.ask" "$spool/.ship.said"
  mkfifo -- "$spool/.ship.ask" "$spool/.ship.said"
  exec {psql_in}<>"$spool/.ship.ask" {psql_out}<>"$spool/.ship.said"
  postgres_run <"$spool/.ship.ask" >"$spool/.ship.said" 2>&1 {psql_in}>&- {psql_out}>&- &
  psql=$! psql_ended=''
  printf '\\echo %s\n' "$answer_end" >&"$psql_in"
  if ! postgres_hear ''; then
    postgres_failed
    return 1
  fi
  create=''
  refused=${refused:-0}
}

postgres_close() {
  [ -n "$psql" ] || return 0
  kill -KILL "$psql" 2>/dev/null || true
  wait "$psql" 2>/dev/null || true
  exec {psql_in}>&- {psql_out}>&-
  psql=''
}

# One line of an answer. Of rows that the table has not taken as they are, the first few are named.
postgres_take() {
  local segment=$1 line=$2
  case $line in
    'refused '*)
      refused_here=$((refused_here + 1))
      line=${line#refused }
      [ "$refused_here" -gt 3 ] || named+=("$segment:${line%% *}: PostgreSQL does not take the row: ${line#* }")
      ;;
    'replaced '*)
      replaced_here=$((replaced_here + 1))
      [ "$replaced_here" -gt 3 ] || named+=("$segment:${line#replaced }: U+0000, which PostgreSQL cannot hold, became U+FFFD")
      ;;
    ?*) [ "${#said[@]}" -ge 100 ] || said+=("$line") ;;
  esac
}

# Hears what psql says up to the line that ends it. False: it has ended before, or the time after a TERM is over.
postgres_hear() {
  local segment=$1 line patient_until=$((SECONDS + 10))
  nap_ms=1
  said=()
  while :; do
    # What there is of a line is followed by its end. Without a time limit, for why see nap.
    if read -rt 0 -u "$psql_out" && IFS= read -ru "$psql_out" line; then
      [ "$line" != "$answer_end" ] || return 0
      postgres_take "$segment" "$line"
      # shellcheck disable=SC2034 # nap_longer's
      nap_ms=1
      continue
    fi
    # Looked at twice: what it said before it ended may have come since.
    [ -n "$psql_ended" ] && return 1
    kill -0 "$psql" 2>/dev/null || psql_ended=1
    in_time || return 1
    if [ "$SECONDS" -ge "$patient_until" ]; then
      say "${segment:-PostgreSQL}: no answer for $((SECONDS - patient_until + 10)) s, still waiting"
      patient_until=$((SECONDS + 60))
    fi
    stats_write
    nap_longer
  done
}

# Says why psql has ended; exit 3 where waiting does not help. With a word: in silence if the connection is lost, which a
# new one may mend.
postgres_failed() {
  local quietly=${1:-} line state='' reason='' hint='' all
  postgres_close
  for line in "${said[@]}"; do
    if [ -z "$state" ] && [[ $line =~ ^(psql:.*:\ )?[^:\ ]+:\ +([0-9A-Z]{5}):\ (.*)$ ]]; then
      state=${BASH_REMATCH[2]} reason=${BASH_REMATCH[3]}
    elif [ -n "$state" ] && [[ $line =~ ^HINT:\ +(.*)$ ]]; then
      hint=${BASH_REMATCH[1]}
    fi
  done
  all="${said[*]}"
  all=${all//psql: error: /} all=${all//$'\t'/}
  if [ -n "$quietly" ] && [[ $state == @(|08*|57P*) ]]; then return 0; fi
  [ -n "${said[*]}" ] || in_time || return 0
  say "PostgreSQL: ${reason:-${all:-psql has ended}}"
  printf '%s\n' "${reason:-${all:-psql has ended}}" >"$spool/.ship.why" # for the figures
  [ -z "$hint" ] || say "$hint"
  case $state in
    CS003 | 0A* | 22* | 23* | 28* | 3D* | 3F* | 42* | 54*) exit 3 ;;
    '') [[ ! $all =~ $postgres_hopeless ]] || exit 3 ;;
  esac
}

# Messages about connections have no code. These will be the same in a minute.
postgres_hopeless='authentication failed|no password supplied|(role|database) ".*" does not exist|no pg_hba.conf entry'
postgres_hopeless+='|definition of service|invalid connection option|invalid URI|missing "=" after|invalid port number|is not permitted to log in'
postgres_hopeless+='|certificate verify failed|certificate file .* does not exist|server does not support SSL'

# One segment, one transaction. Whatever goes wrong before the line that ends the answer, it is asked for again, and
# clickstream_segments knows whether it is there.
postgres_segment() {
  local segment=$1 refused_here=0 replaced_here=0 line
  local -a named=()
  printf '%s\n' 'begin;' \
    "\\copy pg_temp.clickstream_rows (line) from '$segment' with (format csv, quote E'\\x01', delimiter E'\\x02')" \
    "select pg_temp.clickstream_ship($((10#${segment%.ndjson})));" 'commit;' "\\echo $answer_end" >&"$psql_in"
  postgres_hear "$segment" || return 1
  for line in "${said[@]}" "${named[@]}"; do say "$line"; done
  [ "$refused_here" = 0 ] || say "$segment: $refused_here rows are in clickstream_refused, and not in $table"
  [ "$replaced_here" -le 3 ] || say "$segment: U+0000 became U+FFFD in $replaced_here rows"
  refused=$((refused + refused_here))
}

# True: it has arrived. A connection that was good once may have been cut while nothing was sent: that is not worth a word.
postgres_deliver() {
  local segment=${1##*/}
  if [[ ! $segment =~ ^[0-9]{1,18}\.ndjson$ ]]; then
    say "$1: is no segment"
    exit 3
  fi
  if [ -n "$psql" ]; then
    postgres_segment "$segment" && return
    postgres_failed quietly
    in_time || return 1
  fi
  postgres_open || return 1
  postgres_segment "$segment" && return
  postgres_failed
  return 1
}
