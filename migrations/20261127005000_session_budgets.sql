-- What sessions that callers gave a cap may cost: the smallest cap that any call named, by account. No budget stands behind
-- it, so this is what a store of budgets that forgot is told from. Kept as long as something may count on the account.
create table session_budgets (
    organization_id uuid not null,
    -- Milliseconds since the Unix epoch.
    period_start bigint not null,
    partition text not null,
    limit_nanos bigint not null check (limit_nanos > 0 and limit_nanos < 9007199254740992),
    primary key (organization_id, period_start, partition)
);
create index on session_budgets (period_start);

select sluicegate_isolate('session_budgets');
grant select on session_budgets to sluicegate_app;
