{{/*
The registration's pod; its hash names the job, because a job's pod cannot be changed in place.
*/}}
{{- define "mlflow.register" -}}
metadata:
  labels:
    {{- include "yard.labels" (list . "register") | nindent 4 }}
spec:
  serviceAccountName: register
  automountServiceAccountToken: false
  enableServiceLinks: false
  restartPolicy: Never
  securityContext:
    {{- include "yard.podSecurityContext" . | nindent 4 }}
  containers:
    - name: register
      image: {{ include "yard.image" (list . "mlflow") }}
      command: [/opt/app/bin/python, -m, models.wine.registering]
      env:
        - name: MLFLOW_TRACKING_URI
          value: http://mlflow-{{ .Values.env }}-service.mlflow-{{ .Values.env }}:5000
        - name: MLFLOW_TRACKING_USERNAME
          value: admin
        - name: MLFLOW_TRACKING_PASSWORD
          valueFrom:
            secretKeyRef:
              name: mlflow
              key: adminPassword
        # The job waits by itself, a second at a time; the client's own pauses grow to minutes.
        - name: MLFLOW_HTTP_REQUEST_MAX_RETRIES
          value: "0"
        - name: MLFLOW_HTTP_REQUEST_TIMEOUT
          value: "10"
        - name: MLFLOW_DISABLE_TELEMETRY
          value: "true"
        - name: HOME  # the image's user has none, and several libraries look for one
          value: /tmp
      securityContext:
        {{- include "yard.containerSecurityContext" . | nindent 8 }}
      resources:
        {{- toYaml .Values.register.resources | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
  volumes:
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
{{- end }}
