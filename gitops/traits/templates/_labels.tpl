{{/*
The label keys and their values, once. Both take (list $ "name of the object's part").
Selectors are immutable in Kubernetes, so they use nothing that may ever change.
*/}}
{{- define "yard.selector" -}}
app.kubernetes.io/name: {{ index . 1 }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
{{- end }}

{{- define "yard.labels" -}}
{{ include "yard.selector" . }}
app.kubernetes.io/part-of: switchyard
app.kubernetes.io/managed-by: argocd
switchyard.mlops/layer: {{ (index . 0).Values.layer | required "layer: the ApplicationSet passes it" }}
switchyard.mlops/env: {{ (index . 0).Values.env | required "env: the ApplicationSet passes it" }}
{{- end }}
