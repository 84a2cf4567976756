{{/*
Where the model repository lies: below the node's directory, or on NFS where there is more than one node.
*/}}
{{- define "support.modelRepository" -}}
{{- if .Values.storage.hostRoot -}}
hostPath:
  path: {{ .Values.storage.hostRoot }}/models/{{ .Values.env }}
  type: Directory
{{- else -}}
nfs:
  server: {{ .Values.storage.nfs.server }}
  path: {{ .Values.storage.nfs.root }}/triton/model-repo/{{ .Values.env }}
{{- end }}
{{- end }}
