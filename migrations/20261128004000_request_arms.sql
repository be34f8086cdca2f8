-- Which arm of which experiment a request is of. Null where nothing is compared, and in rows of older workers.
alter table requests
    add column experiment text,
    add column arm text;

create index on requests (project_id, experiment, day, id) where experiment is not null;
