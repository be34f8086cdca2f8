-- Changes of the limit of one window, each once. Their sums by window stand on the budget as well, as they are published:
-- the latest windows, more than the fast store keeps.
create table budget_adjustments (
    id uuid primary key,
    organization_id uuid not null,
    budget_id uuid not null,
    -- Milliseconds since the Unix epoch.
    period_start bigint not null,
    -- How much more may be spent in the window; below zero for less.
    amount_nanos bigint not null check (amount_nanos <> 0),
    -- The window's limit with it.
    limit_nanos bigint not null check (limit_nanos > 0 and limit_nanos < 9007199254740992),
    reason text not null,
    created_by uuid references users on delete set null,
    created_at timestamptz not null,
    foreign key (organization_id, budget_id) references budgets (organization_id, id)
);
create index on budget_adjustments (budget_id, id);

alter table budgets add column adjusted jsonb not null default '[]';

select sluicegate_isolate('budget_adjustments');
grant select, insert on budget_adjustments to sluicegate_app;
