{{- define "tlsa-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tlsa-operator.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tlsa-operator.labels" -}}
{{ include "tlsa-operator.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: {{ .Chart.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "tlsa-operator.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (include "tlsa-operator.fullname" .) -}}
{{- end -}}

{{/* Of a RoleBinding or ClusterRoleBinding. */}}
{{- define "tlsa-operator.subjects" -}}
- kind: ServiceAccount
  name: {{ include "tlsa-operator.serviceAccountName" . }}
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{/* A dict of the chart's root and an image of the values. */}}
{{- define "tlsa-operator.image" -}}
{{- with .image -}}
{{- if .digest -}}
{{ .repository }}@{{ .digest }}
{{- else -}}
{{ .repository }}:{{ .tag | default $.root.Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tlsa-operator.lockedContainer" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "tlsa-operator.lockedPod" -}}
runAsNonRoot: true
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{/* What values.schema.json cannot say. */}}
{{- define "tlsa-operator.check" -}}
{{- if and .Values.resolver.enabled .Values.resolver.servers -}}
{{- fail "resolver.servers is for resolver.enabled: false; the resolver in the pod asks resolver.forwardZones" -}}
{{- end -}}
{{- if not (or .Values.resolver.enabled .Values.resolver.servers) -}}
{{- fail "resolver.enabled is false: name a validating resolver in resolver.servers" -}}
{{- end -}}
{{- if not (or .Values.serviceAccount.create .Values.serviceAccount.name) -}}
{{- fail "serviceAccount.create is false: name one that exists in serviceAccount.name" -}}
{{- end -}}
{{- range .Values.promote.namespaces -}}
{{- if and $.Values.watchNamespaces (not (has .name $.Values.watchNamespaces)) -}}
{{- fail (printf "promote.namespaces names %s, which is not in watchNamespaces" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
