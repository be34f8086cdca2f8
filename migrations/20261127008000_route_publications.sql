-- Why a version of a route was published, and which older version it is again. Null in versions without either.
alter table route_versions add column message text, add column restores integer;
