# postgres.bash - a PostgreSQL of the test file's own: on a socket, with nobody else's settings.
#
#     load postgres
#     setup_file() { postgres_start; }
#     teardown_file() { postgres_stop; }
#
# CONNINFO says where it is; sql runs SQL there. It refuses to be root, so root starts it as somebody else.

unset PGSERVICE PGHOST PGPORT PGUSER PGDATABASE PGPASSWORD PSQLRC PGOPTIONS

postgres_bin() {
  local dir best=
  for dir in /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
    [ ! -x "$dir/initdb" ] || best=$dir
  done
  printf '%s' "$best"
}

# As whoever may run it. It dies with us, even by SIGKILL.
postgres_as() {
  local user
  local -a as=(setpriv --pdeathsig QUIT)
  if [ "$(id -u)" = 0 ]; then
    user=$(id -un postgres 2>/dev/null || printf nobody)
    as=(setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups --pdeathsig QUIT)
  fi
  cd "$PGDIR" || return
  exec "${as[@]}" "$@"
}

postgres_is_up() {
  sql -c 'select' >/dev/null 2>&1
}

# Begins the server in PGDIR, made before: also again, when it was killed.
postgres_run() {
  postgres_as "$(postgres_bin)/postgres" -D "$PGDIR/data" -k "$PGDIR" -c listen_addresses= -c fsync=off -c jit=off \
    -c timezone=UTC -c shared_buffers=32MB >>"$PGDIR.log" 2>&1 3>&- &
  printf '%s\n' "$!" >"$PGDIR.pid"
  until_true postgres_is_up
}

# As a crash would end it. A test that begins it again ends it as well: it dies with the test, and the next one should not
# see it dying.
postgres_kill() {
  kill -9 "$(<"$PGDIR.pid")" 2>/dev/null || true
  until_true eval '! kill -0 "$(<"$PGDIR.pid")" 2>/dev/null'
}

postgres_start() {
  [ -n "$(postgres_bin)" ] || skip 'PostgreSQL is not installed'
  # A socket's name has 107 bytes.
  PGDIR=$(mktemp -d /tmp/cs-postgres.XXXXXX)/pg
  export PGDIR CONNINFO="host=$PGDIR user=tester dbname=postgres" PGTZ=UTC
  chmod 711 "${PGDIR%/*}"
  mkdir -m 700 "$PGDIR"
  [ "$(id -u)" != 0 ] || chown "$(id -un postgres 2>/dev/null || printf nobody)" "$PGDIR"
  (postgres_as "$(postgres_bin)/initdb" -D "$PGDIR/data" -U tester -A trust -E UTF8 --lc-collate=C --lc-ctype=C.UTF-8 --no-sync \
    --no-instructions) >"$PGDIR.log" 2>&1
  postgres_run
}

postgres_stop() {
  [ -n "${PGDIR:-}" ] || return 0
  postgres_kill
  rm -rf "${PGDIR%/*}"
}

sql() {
  psql -XqAtw -v ON_ERROR_STOP=1 -d "$CONNINFO" "$@"
}
