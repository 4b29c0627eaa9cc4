{{/* What the operator may do: exactly this (docs/threat-model.md says why for each line). */}}
{{/* Where MailServers are: everywhere by a ClusterRole, or by a Role in each namespace of watchNamespaces. */}}
{{- define "tlsa-operator.rules" -}}
- apiGroups: [tlsa-operator.io]
  resources: [mailservers, dnsproviders]
  verbs: [list, watch]
# The finalizer; a custom resource has no subresource for it.
- apiGroups: [tlsa-operator.io]
  resources: [mailservers]
  verbs: [patch]
- apiGroups: [tlsa-operator.io]
  resources: [mailservers/status, dnsproviders/status]
  verbs: [update]
# Watched as metadata only; read one by one: the certificates that MailServers name, the credentials that providers name.
- apiGroups: ['']
  resources: [secrets]
  verbs: [get, list, watch]
# cert-manager's, where it is installed: when the next renewal comes, and whether the key stays.
- apiGroups: [cert-manager.io]
  resources: [certificates]
  verbs: [list, watch]
# The ready endpoints of the Services that spec.verification.serviceRef names, read one by one.
- apiGroups: ['']
  resources: [services]
  verbs: [get]
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list]
- apiGroups: ['']
  resources: [events]
  verbs: [create, patch]
{{- end -}}

{{/* What there is once in a cluster. */}}
{{- define "tlsa-operator.clusterRules" -}}
- apiGroups: [tlsa-operator.io]
  resources: [clusterdnsproviders]
  verbs: [list, watch]
- apiGroups: [tlsa-operator.io]
  resources: [clusterdnsproviders/status]
  verbs: [update]
# Their labels, for spec.allow[].namespaceSelector.
- apiGroups: ['']
  resources: [namespaces]
  verbs: [list, watch]
# Is the installed CRD the one that this program was built with?
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  resourceNames:
    - mailservers.tlsa-operator.io
    - dnsproviders.tlsa-operator.io
    - clusterdnsproviders.tlsa-operator.io
    - daneissuers.tlsa-operator.io
    - clusterdaneissuers.tlsa-operator.io
  verbs: [get]
{{- end -}}

{{/* A Role or ClusterRole and the binding to the operator. A dict: root, kind, name, namespace (of a Role), rules (text). */}}
{{- define "tlsa-operator.grant" -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "tlsa-operator.labels" .root | nindent 4 }}
rules:
  {{- .rules | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels:
    {{- include "tlsa-operator.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .kind }}
  name: {{ .name }}
subjects:
  {{- include "tlsa-operator.subjects" .root | nindent 2 }}
{{- end -}}
