#!/usr/bin/env bats
# The chart: helm finds no fault with it, and what it makes are objects that Kubernetes knows, in every way it may be set.

load helper

setup() {
  setup_tools
  PATH="$PATH:/usr/local/bin:$HOME/go/bin"
  command -v helm >/dev/null || skip 'helm is missing (scripts/install-packages helm)'
  CHART=$ROOT/packaging/helm
}

# template ARGS...: for the oldest Kubernetes that the chart takes (a helm that go has made knows of none later than 1.20).
template() { helm template --kube-version=1.28.0 "$@"; }

# The ways in which it is set.
ways=(
  ''
  '--set partitions=1'
  '--set partitions=24 --set kafkaSecret=kafka --set storage.className=fast'
  '--set merge.enabled=false --set image.tag=9'
  '--set kafkaSecret=12 --set storage.className=- --set partitions=1000000'
)

# Names that releases may have, and Services and labels may not.
names=(shop 123 my.shop 0aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-x.999999999999)

@test "helm lint finds nothing in the chart" {
  for way in "${ways[@]}"; do
    # shellcheck disable=SC2086
    run -0 helm lint --strict $way "$CHART"
    [[ $output != *WARNING* ]]
  done
}

# schemas_take: those of the newest version that the package has in full, whose references lead to an address of its own.
schemas_take() {
  local from kind
  from=$(python3 -c 'import os, kubernetes_validate as k; print(os.path.dirname(k.__file__))' 2>/dev/null)/kubernetes-json-schema
  from=$(find "$from" -name deployment-apps-v1.json -path '*-local-strict/*' -printf '%h\n' 2>/dev/null | sort -V | tail -1)
  [ -n "$from" ] || skip 'the schemas are missing: kubernetes-validate (scripts/install-packages helm)'
  mkdir schemas
  for kind in _definitions configmap-v1 service-v1 persistentvolumeclaim-v1 poddisruptionbudget-policy-v1 statefulset-apps-v1 deployment-apps-v1; do
    sed "s,/api/_definitions,file://$PWD/schemas/_definitions," "$from/$kind.json" >"schemas/$kind.json"
  done
}

# conforms FILE.yaml
conforms() {
  kubeconform -strict -summary -schema-location "$PWD/schemas/{{ .ResourceKind }}{{ .KindSuffix }}.json" "$1"
}

@test "what the chart makes are objects of Kubernetes, without a member that is none" {
  command -v kubeconform >/dev/null || skip 'kubeconform is missing (scripts/install-packages helm)'
  schemas_take
  local count
  for way in "${ways[@]}"; do
    # shellcheck disable=SC2086
    template shop $way "$CHART" >objects.yaml
    count=$(grep -c '^kind:' objects.yaml)
    run -0 conforms objects.yaml
    [[ $output == "Summary: $count resources found in 1 file - Valid: $count, Invalid: 0, Errors: 0, Skipped: 0" ]] || { echo "$output" && return 1; }
  done
  # The check can fail.
  sed 's/podManagementPolicy/podManagementPolice/' objects.yaml >wrong.yaml
  run -1 conforms wrong.yaml
}

@test "a pod for each partition, and a merge that waits for all of them" {
  template shop --set partitions=24 "$CHART" >objects
  [ "$(grep -c '^kind: StatefulSet' objects)" = 1 ]
  grep -qx '  replicas: 24' objects
  grep -qx '    --partitions=0-23' objects
  grep -q 'whenDeleted: Retain, whenScaled: Retain' objects
}

@test "whatever the release is called, what the chart makes has names that Kubernetes takes" {
  schemas_take
  local name object
  for name in "${names[@]}"; do
    template "$name" "$CHART" >objects.yaml
    run -0 conforms objects.yaml
    for object in $(sed -n 's/^  name: //p; s/^  serviceName: //p' objects.yaml); do
      # With a hash of ten signs behind it, it is a label.
      [[ $object =~ ^[a-z]([-a-z0-9]*[a-z0-9])?$ && ${#object} -le 52 ]] || { echo "$object" && return 1; }
    done
    grep -qx "    app.kubernetes.io/instance: \"$name\"" objects.yaml
  done
}

@test "a value that there is not, or that cannot be, is refused by its name" {
  refused() {
    run ! template shop --set "$2" "$CHART"
    [[ $output == *"$1"* ]] || { echo "$output" && return 1; }
  }
  refused "additional properties 'replicas' not allowed" replicas=1
  refused "'/partitions': minimum: got 0, want 1" partitions=0
  refused "'/partitions': got string, want integer" partitions=2.5
  refused "'/merge': missing property 'options'" merge.options=null
  refused "'': missing property 'storage'" storage=null
}

@test "options stay as they were written, however they are indented" {
  python3 -c 'import yaml' 2>/dev/null || skip 'PyYAML is missing (scripts/install-packages helm)'
  template shop -s templates/options.yaml --set-string $'partitionOptions=  --brokers=x\n--topic=y' "$CHART" >map
  python3 -c 'import sys, yaml; print(yaml.safe_load(sys.stdin)["data"]["partition.options"])' <map >got
  diff got <(printf '  --brokers=x\n--topic=y\n')
}

@test "the command lines in the chart are those that cs-run takes" {
  local name
  template shop -s templates/options.yaml "$CHART" >map
  for name in partition merge; do
    awk -v name="  $name.options: |" '$0 == name { inside = 1; next } /^  [^ ]/ { inside = 0 } inside { sub(/^    /, ""); if ($0 != "") print }' map >"$name"
    [ "$(grep -cx -- -- "$name")" -ge 1 ]
    # It comes as far as asking the broker, of which there is none.
    sed -i 's/^--brokers=.*/--brokers=127.0.0.1:1/' "$name"
    run timeout 60 cs-run --options="$name" -p 0 --state-dir=dir --once -X socket.timeout.ms=100
    [ "$status" -ne 2 ] || { echo "$output" && return 1; }
  done
}

@test "the chart has 300 lines at most" {
  [ "$(cat "$CHART"/*.yaml "$CHART"/templates/* | wc -l)" -le 300 ]
}
