#!/usr/bin/env bats
# The chart: helm finds no fault with it, and what it makes are objects that Kubernetes knows, in every way it may be set.

load helper

setup() {
  setup_tools
  PATH="$PATH:/usr/local/bin:$HOME/go/bin"
  command -v helm >/dev/null || skip 'helm is missing (scripts/install-packages helm)'
  CHART=$ROOT/packaging/helm
}

# The ways in which it is set.
ways=(
  ''
  '--set partitions=1'
  '--set partitions=24 --set kafkaSecret=kafka --set storage.className=fast'
  '--set merge.enabled=false --set image.tag=9'
)

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
    helm template shop $way "$CHART" >objects.yaml
    count=$(grep -c '^kind:' objects.yaml)
    run -0 conforms objects.yaml
    [[ $output == "Summary: $count resources found in 1 file - Valid: $count, Invalid: 0, Errors: 0, Skipped: 0" ]] || { echo "$output" && return 1; }
  done
  # The check can fail.
  sed 's/podManagementPolicy/podManagementPolice/' objects.yaml >wrong.yaml
  run -1 conforms wrong.yaml
}

@test "a pod for each partition, and a merge that waits for all of them" {
  helm template shop --set partitions=24 "$CHART" >objects
  [ "$(grep -c '^kind: StatefulSet' objects)" = 1 ]
  grep -qx '  replicas: 24' objects
  grep -qx '    --partitions=0-23' objects
  grep -q 'whenDeleted: Retain, whenScaled: Retain' objects
  run ! helm template shop --set partitions=0 "$CHART"
}

@test "the command lines in the chart are those that cs-run takes" {
  local name
  helm template shop -s templates/options.yaml "$CHART" >map
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
