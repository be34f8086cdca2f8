-- The keys a key derives from, nearest first. Written once: a key never gets other ancestors.
alter table api_keys
    add column ancestors uuid[] not null default '{}'
        check (cardinality(ancestors) <= 4 and array_position(ancestors, null) is null and not id = any (ancestors));
create index on api_keys using gin (ancestors);
