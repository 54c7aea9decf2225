#!/usr/bin/env bats
# The completion that is made of --help: what it offers is what the tools take.

load helper

setup() {
  setup_tools
  tools=()
  for source in "$ROOT"/cmd/*.c; do tools+=("$(basename "$source" .c)"); done
}

# offers TOOL WORD...: what bash would offer for the last word.
offers() {
  local tool=$1 function=_${1//-/_}
  "$ROOT/scripts/completion" bash "$CS_BUILD/$tool" >"$tool.bash"
  (
    # shellcheck disable=SC1090 # made here
    . "./$tool.bash"
    COMP_WORDS=("$@")
    COMP_CWORD=$(($# - 1))
    COMPREPLY=()
    "$function" || true
    printf '%s\n' "${COMPREPLY[@]}"
  )
}

long_options() {
  "$1" --help | sed -nE 's/^  (-., )?--([a-z-]+).*/\2/p'
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
    "$ROOT/scripts/completion" bash "$CS_BUILD/$tool" >"$tool.bash"
    bash -n "$tool.bash"
    ! command -v shellcheck || shellcheck -s bash "$tool.bash"
  done
}

@test "an option is completed, with the equals sign where it has a value" {
  [ "$(offers cs-window --lat)" = $'--lateness=\n--late=' ]
  [ "$(offers cs-window --strict)" = --strict ]
  [ "$(offers cs-window --stat)" = $'--state=\n--stats\n--stats=' ]
}

@test "choices are completed, behind the equals sign and as a word of their own" {
  [ "$(offers cs-window --input = '')" = $'auto\nndjson\nkcat' ]
  [ "$(offers cs-window --input =)" = $'auto\nndjson\nkcat' ]
  [ "$(offers cs-window --input = k)" = kcat ]
  [ "$(offers cs-window --input k)" = kcat ]
  [ "$(offers cs-window --emit = f)" = final ]
  [ "$(offers cs-window --lateness = '')" = max ]
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
  [ -z "$(offers cs-window --size = '')" ]
  [ "$(offers cs-window --stats events)" = events.ndjson ]
  [ "$(offers cs-window --pad events)" = events.ndjson ]
}

@test "zsh reads its completion, and it names every long option of every tool" {
  for tool in "${tools[@]}"; do
    "$ROOT/scripts/completion" zsh "$CS_BUILD/$tool" >"_$tool"
    [ "$(head -1 "_$tool")" = "#compdef $tool" ]
    ! command -v zsh || zsh -n "_$tool"
    long_options "$tool" | sort -u >wanted
    sed -nE "s/^  '\*--([a-z-]+).*/\1/p" "_$tool" | sort -u | diff wanted -
  done
}

@test "_arguments of zsh accepts what it is given" {
  command -v zsh || skip 'zsh is not installed'
  for tool in "${tools[@]}"; do "$ROOT/scripts/completion" zsh "$CS_BUILD/$tool" >"_$tool"; done
  cat >ask <<'END'
zmodload zsh/zpty
zpty asked zsh -f -i
said() { # a command; prints what comes back within a second
  local line
  zpty -w asked "$1"
  sleep ${2:-0.5}
  while zpty -rt asked line; do print -r -- "$line"; done
}
said "PS1=; fpath=($PWD \$fpath); autoload -U compinit; compinit -u -d $PWD/dump; zstyle ':completion:*' list-prompt ''; LISTMAX=0" 2
zpty -w -n asked "cs-window --input=k"$'\t'
sleep 1
while zpty -rt asked line; do print -r -- "$line"; done
END
  run -0 timeout 30 zsh -f ask
  [[ $output == *'--input=kcat'* ]]
}
