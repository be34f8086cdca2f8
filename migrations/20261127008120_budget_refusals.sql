-- How callers of OpenAI's APIs are told that a budget or prepaid credit is used up.
alter table projects add column budget_refusals text not null default 'payment_required'
    check (budget_refusals in ('payment_required', 'insufficient_quota'));
