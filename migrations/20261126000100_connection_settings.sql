-- What a provider needs to know besides address and credential (region, project, ...); none of it is secret.
alter table connections add column settings jsonb not null default '{}';
