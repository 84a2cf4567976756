{{/*
What Pod Security "restricted" wants, and a step more: a read-only root, so that a pod writes only where its template says.
10001 owns the directories of hostPath and NFS volumes, which get no fsGroup (profiles/embedded/README.md).
*/}}
{{- define "yard.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "yard.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
