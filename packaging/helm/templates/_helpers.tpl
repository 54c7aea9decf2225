{{- /* A Service begins with a letter and has no dot; a StatefulSet's pods have its name and a hash in 63 characters. */}}
{{- define "clickstream.name" -}}
{{- $name := .Release.Name | replace "." "-" | trunc 39 | trimSuffix "-" -}}
{{ regexMatch "^[0-9]" $name | ternary "cs-" "" }}{{ $name }}
{{- end }}

{{- define "clickstream.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "clickstream.metadata" -}}
{{ include "clickstream.labels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "clickstream.image" -}}
image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{- define "clickstream.pod" -}}
automountServiceAccountToken: false
terminationGracePeriodSeconds: {{ .Values.terminationGracePeriodSeconds }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  fsGroup: 65532
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- /* Both look at the age of a file: the figures', and that of the newest state. */}}
{{- define "clickstream.probes" -}}
livenessProbe:
  exec:
    command: [find, /run/clickstream/alive.prom, -mmin, "+{{ .Values.probes.figuresMinutes }}", -exec, "false", "{}", +]
  initialDelaySeconds: 60
  periodSeconds: 30
  timeoutSeconds: 5
readinessProbe:
  exec:
    command:
      - sh
      - -c
      - 'test -n "$(find /var/lib/clickstream/run -name state -mmin -{{ .Values.probes.positionMinutes }})"'
  periodSeconds: 15
  timeoutSeconds: 5
{{- end }}

{{- define "clickstream.mounts" -}}
- {name: options, mountPath: /etc/clickstream, readOnly: true}
- {name: state, mountPath: /var/lib/clickstream}
- {name: run, mountPath: /run/clickstream}
- {name: tmp, mountPath: /tmp}
{{- if .Values.kafkaSecret }}
- {name: kafka, mountPath: /etc/kafka, readOnly: true}
{{- end }}
{{- end }}

{{- define "clickstream.volumes" -}}
- name: options
  configMap: {name: {{ include "clickstream.name" . }}-options}
- name: run
  emptyDir: {}
- name: tmp
  emptyDir: {}
{{- if .Values.kafkaSecret }}
- name: kafka
  secret: {secretName: {{ .Values.kafkaSecret | quote }}, defaultMode: 0440}
{{- end }}
{{- end }}

{{- define "clickstream.claim" -}}
accessModes: [ReadWriteOncePod]
{{- with .Values.storage.className }}
storageClassName: {{ eq . "-" | ternary "" . | quote }}
{{- end }}
resources:
  requests: {storage: {{ .Values.storage.size | quote }}}
{{- end }}

{{- define "clickstream.kafka" -}}
{{- if .Values.kafkaSecret }}
- --kcat-config=/etc/kafka/kcat.conf
{{- end }}
{{- end }}
