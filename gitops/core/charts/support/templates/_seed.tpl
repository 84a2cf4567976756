{{/*
The seed job's pod; its hash names the job, because a job's pod cannot be changed in place.
*/}}
{{- define "support.seed" -}}
metadata:
  labels:
    {{- include "yard.labels" (list . "seed") | nindent 4 }}
spec:
  serviceAccountName: seed
  automountServiceAccountToken: false
  enableServiceLinks: false
  restartPolicy: Never
  securityContext:
    {{- include "yard.podSecurityContext" . | nindent 4 }}
  containers:
    - name: seed
      image: {{ include "yard.image" (list . "seed") }}
      args: [/models]
      securityContext:
        {{- include "yard.containerSecurityContext" . | nindent 8 }}
      resources:
        {{- toYaml .Values.seed.resources | nindent 8 }}
      volumeMounts:
        # The parent of repository and staging, mounted once: a rename across two mounts fails.
        - name: models
          mountPath: /models
        - name: tmp
          mountPath: /tmp
  volumes:
    - name: models
      persistentVolumeClaim:
        claimName: model-repo
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
{{- end }}
