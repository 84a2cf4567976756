{{/*
The probes of a part that serves nothing: its heartbeat in the database. Takes the type of its job.
A probe is a process of its own, so each asks as seldom as will do. A database that is away makes a part unready, and is
no reason to restart it.
*/}}
{{- define "airflow.heartbeat" -}}
startupProbe:
  exec:
    command: [python, /opt/airflow/heartbeat.py, alive, {{ . }}]
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 120
readinessProbe:
  exec:
    command: [python, /opt/airflow/heartbeat.py, ready, {{ . }}]
  periodSeconds: 30  # nobody is routed here by it
  timeoutSeconds: 10
livenessProbe:
  exec:
    command: [python, /opt/airflow/heartbeat.py, alive, {{ . }}]
  periodSeconds: 60
  timeoutSeconds: 10
  failureThreshold: 3
{{- end }}
