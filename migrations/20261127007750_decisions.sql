-- Why a request went where it went: what it could have gone to, and what spoke for and against each. Null in rows of older
-- workers, and of requests that were refused before anything was decided.
alter table requests add column decision jsonb;
