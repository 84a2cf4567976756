-- Roles, passwords and databases, as wanted. It runs at every start, so every statement may run again.
\set ON_ERROR_STOP on
SET log_min_error_statement = panic;  -- a statement that fails would be logged with its password
\getenv superuser SUPERUSER_PASSWORD
\getenv mlflow MLFLOW_PASSWORD
\getenv airflow AIRFLOW_PASSWORD
\getenv exporter EXPORTER_PASSWORD

SELECT format('CREATE ROLE %I LOGIN', name) FROM (VALUES ('mlflow'), ('airflow'), ('exporter')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) \gexec

SELECT format('CREATE DATABASE %I OWNER %I', name, name) FROM (VALUES ('mlflow'), ('airflow')) AS wanted (name)
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = name) \gexec

REVOKE ALL ON DATABASE mlflow, airflow FROM PUBLIC;
GRANT pg_monitor TO exporter;  -- reads statistics and settings, and no record

-- A variable that the environment did not give stays as it is written, which is a syntax error and ends the script.
ALTER ROLE postgres PASSWORD :'superuser';
ALTER ROLE mlflow PASSWORD :'mlflow';
ALTER ROLE airflow PASSWORD :'airflow';
ALTER ROLE exporter PASSWORD :'exporter';
