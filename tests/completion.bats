#!/usr/bin/env bats
# The completion that is made of --help: what it offers is what the tools take.

load helper

setup() {
  setup_tools
  tools=()
  for source in "$ROOT"/cmd/*.c; do tools+=("$(basename "$source" .c)"); done
  tools+=(cs-ship cs-look cs-parallel cs-spark)
  PATH="$PATH:$ROOT/scripts"
  made=$BATS_FILE_TMPDIR
}

setup_file() {
  setup_tools
  for source in "$ROOT"/cmd/*.c; do
    tool=$(basename "$source" .c)
    "$ROOT/scripts/completion" bash "$CS_BUILD/$tool" >"$BATS_FILE_TMPDIR/$tool.bash"
    "$ROOT/scripts/completion" zsh "$CS_BUILD/$tool" >"$BATS_FILE_TMPDIR/_$tool"
  done
  for tool in cs-ship cs-look cs-parallel cs-spark; do
    "$ROOT/scripts/completion" bash "$ROOT/scripts/$tool" >"$BATS_FILE_TMPDIR/$tool.bash"
    "$ROOT/scripts/completion" zsh "$ROOT/scripts/$tool" >"$BATS_FILE_TMPDIR/_$tool"
  done
}

# offers TOOL WORD...: what bash would offer for the last word.
offers() {
  local function=_${1//-/_}
  (
    # shellcheck disable=SC1090 # made above
    . "$made/$1.bash"
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    "$function" || true
    printf '%s\n' "${COMPREPLY[@]}"
  )
}

long_options() {
  "$1" --help | sed -nE 's/^  (-., |    )?--([a-z-]+).*/\2/p'
}

@test "bash is offered every long option of every tool, and no other" {
  for tool in "${tools[@]}"; do
    long_options "$tool" | sort -u >wanted
    [ -s wanted ]
    offers "$tool" -- | sed -E 's/^--([a-z-]+)=?$/\1/' | sort -u >got
    diff wanted got
  done
}

@test "what bash is given is a script without faults" {
  for tool in "${tools[@]}"; do
    bash -n "$made/$tool.bash"
  done
  ! command -v shellcheck || shellcheck -s bash "$made/cs-window.bash"
}

@test "an option is completed, with the equals sign where it has a value" {
  [ "$(offers cs-window --lat)" = $'--lateness=\n--late=' ]
  [ "$(offers cs-window --strict)" = --strict ]
  [ "$(offers cs-window --stat)" = $'--state=\n--stats\n--stats=\n--stats-every=\n--stats-ends=\n--stats-label=' ]
}

@test "choices are completed, behind the equals sign and as a word of their own" {
  [ "$(offers cs-window --input = '')" = $'auto\nndjson\nkcat\nkcat-sized\nkcat-json' ]
  [ "$(offers cs-window --input =)" = $'auto\nndjson\nkcat\nkcat-sized\nkcat-json' ]
  [ "$(offers cs-window --input = k)" = $'kcat\nkcat-sized\nkcat-json' ]
  [ "$(offers cs-window --input k)" = $'kcat\nkcat-sized\nkcat-json' ]
  [ "$(offers cs-window --emit = f)" = final ]
  [ "$(offers cs-window --lateness = '')" = max ]
  [ "$(offers cs-window --size = '')" = all ]
  [ "$(offers cs-parse --from = c)" = $'csv\ncombined' ]
}

@test "a view is one of those there are, or a file" {
  touch mine
  [ "$(offers cs-window --view = '')" = "$(ls "$ROOT/samples/views"; ls)" ]
  [ "$(offers cs-window --view = s)" = search-analytics ]
}

@test "files are completed for operands and for options that take one" {
  touch events.ndjson
  mkdir events.d
  [ "$(offers cs-window events.n)" = events.ndjson ]
  [ "$(offers cs-window -o events.n)" = events.ndjson ]
  [ "$(offers cs-window --rejects = events.n)" = events.ndjson ]
  [ "$(offers cs-window --strict events.n)" = events.ndjson ]
  [ "$(offers cs-window --spool = ev)" = events.d ]
}

@test "nothing is offered where nobody can guess, and a bare --stats takes no word" {
  touch events.ndjson
  [ -z "$(offers cs-window --slide = '')" ]
  [ "$(offers cs-window --stats events)" = events.ndjson ]
  [ "$(offers cs-window --pad events)" = events.ndjson ]
}

@test "zsh reads its completion, and it names every long option of every tool" {
  for tool in "${tools[@]}"; do
    [ "$(head -1 "$made/_$tool")" = "#compdef $tool" ]
    ! command -v zsh || zsh -n "$made/_$tool"
    long_options "$tool" | sort -u >wanted
    sed -nE "s/^  '\*--([a-z-]+).*/\1/p" "$made/_$tool" | sort -u | diff wanted -
  done
}

@test "_arguments of zsh accepts what it is given" {
  command -v zsh || skip 'zsh is not installed'
  cat >ask <<'END'
zmodload zsh/zpty
zpty asked zsh -f -i
zpty -w asked "fpath=($MADE \$fpath); autoload -U compinit; compinit -u -d $PWD/dump; print -r -- rea''dy"
zpty -r asked said '*ready*'
zpty -w -n asked "cs-window --input=k"$'\t'
zpty -r asked said '*--input=kcat*' && print -r -- completed
END
  export MADE=$made
  run -0 timeout 60 zsh -f ask
  [ "${lines[-1]}" = completed ]
}
