//! The route table, nothing else. Handlers live in one file per resource, with their request and response shapes, or
//! these in a file beside it where there are many.

pub mod account;
mod alerts;
mod api_key_shapes;
mod api_keys;
mod audit;
mod auth;
pub mod await_applied;
mod billing;
mod billing_shapes;
pub mod browser;
mod budget_adjustments;
mod budget_bodies;
mod budget_evaluations;
mod budget_shapes;
mod budgets;
mod connection_shapes;
mod connection_tests;
mod connections;
mod constraint_proof;
mod constraint_shapes;
mod decision_shapes;
mod decisions;
mod deployment;
mod derived_keys;
pub mod elsewhere;
mod experiments;
mod explanation_shapes;
mod explanations;
pub mod extract;
mod fact_shapes;
mod fact_statements;
mod idempotent;
pub mod internal;
mod invites;
mod management_keys;
mod me;
mod members;
mod models;
mod money;
mod operator_books;
mod operator_connections;
mod operator_credits;
mod organizations;
mod payment_webhooks;
mod projects;
mod provider_invoices;
mod providers;
mod rate_limit_shapes;
mod rate_limits;
pub mod reply;
mod requests;
mod route_checks;
mod route_drafts;
mod route_experiment;
mod route_retry;
mod route_rollout_shapes;
mod route_rollouts;
mod route_shapes;
mod route_simulation_shapes;
mod route_simulations;
mod route_strategy;
mod route_versions;
mod routes;
pub mod shapes;
mod signal_sources;
mod signals;
mod usage;
mod version;
mod webhook_shapes;
mod webhooks;

use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

/// Every public operation. The OpenAPI document is made from the same table.
pub fn operations(config: &mut ServiceConfig<'_>) {
    config.service(
        scope("/api/v1")
            .configure(identity)
            .configure(tenancy)
            .configure(governance)
            .configure(project_contents)
            .configure(usage_of_projects)
            .configure(prepaid_credit)
            .configure(deployment_wide)
            .service(version::version),
    );
}

fn identity(config: &mut ServiceConfig<'_>) {
    config
        .service(auth::sign_up)
        .service(auth::sign_in)
        .service(auth::refresh)
        .service(auth::sign_out)
        .service(me::me);
}

fn tenancy(config: &mut ServiceConfig<'_>) {
    config
        .service(organizations::list_organizations)
        .service(organizations::create_organization)
        .service(organizations::get_organization)
        .service(organizations::update_organization)
        .service(members::list_members)
        .service(members::get_member)
        .service(members::update_member)
        .service(members::remove_member)
        .service(invites::list_invites)
        .service(invites::create_invite)
        .service(invites::revoke_invite)
        .service(invites::accept_invite)
        .service(audit::list_audit_events)
        .service(management_keys::list_management_keys)
        .service(management_keys::create_management_key)
        .service(management_keys::get_management_key)
        .service(management_keys::revoke_management_key)
        .service(projects::list_projects)
        .service(projects::create_project)
        .service(projects::get_project)
        .service(projects::update_project)
        .service(projects::delete_project)
        .service(constraint_proof::prove_constraints)
        .service(explanations::explain_request);
}

fn governance(config: &mut ServiceConfig<'_>) {
    config
        .service(budgets::list_budgets)
        .service(budgets::create_budget)
        .service(budgets::get_budget)
        .service(budgets::update_budget)
        .service(budgets::delete_budget)
        .service(budgets::list_budget_windows)
        .service(budget_adjustments::list_budget_adjustments)
        .service(budget_adjustments::create_budget_adjustment)
        .service(budget_evaluations::evaluate_budgets)
        .service(alerts::list_alerts)
        .service(webhooks::list_webhooks)
        .service(webhooks::create_webhook)
        .service(webhooks::get_webhook)
        .service(webhooks::update_webhook)
        .service(webhooks::rotate_webhook)
        .service(webhooks::delete_webhook)
        .service(webhooks::test_webhook)
        .service(webhooks::list_webhook_deliveries)
        .service(rate_limits::list_limits)
        .service(rate_limits::create_limit)
        .service(rate_limits::list_limit_usage)
        .service(rate_limits::get_limit)
        .service(rate_limits::update_limit)
        .service(rate_limits::delete_limit)
        .service(fact_statements::list_fact_statements)
        .service(fact_statements::create_fact_statement)
        .service(fact_statements::get_fact_statement)
        .service(fact_statements::delete_fact_statement);
}

fn prepaid_credit(config: &mut ServiceConfig<'_>) {
    config
        .service(billing::get_billing)
        .service(billing::list_credits)
        .service(billing::list_ledger)
        .service(billing::list_top_ups)
        .service(billing::create_top_up)
        .service(billing::get_top_up)
        .service(billing::get_statement)
        .service(provider_invoices::create_provider_invoice)
        .service(provider_invoices::list_provider_invoices)
        .service(provider_invoices::get_provider_invoice)
        .service(provider_invoices::delete_provider_invoice)
        .service(payment_webhooks::take_stripe_event)
        .service(operator_credits::add_credit)
        .service(operator_credits::refund_credit)
        .service(operator_credits::adjust_credit)
        .service(operator_credits::reverse_transfer)
        .service(operator_credits::list_payment_events)
        .service(operator_books::verify_books)
        .service(operator_connections::list_resold_connections)
        .service(operator_connections::resell_connection)
        .service(operator_connections::stop_reselling);
}

fn usage_of_projects(config: &mut ServiceConfig<'_>) {
    config
        .service(requests::list_requests)
        .service(requests::get_request)
        .service(decisions::get_request_decision)
        .service(usage::get_usage)
        .service(experiments::get_experiment);
}

fn deployment_wide(config: &mut ServiceConfig<'_>) {
    config
        .service(providers::list_providers)
        .service(models::list_models)
        .service(models::get_model)
        .service(deployment::get_deployment);
}

fn project_contents(config: &mut ServiceConfig<'_>) {
    config
        .service(api_keys::list_keys)
        .service(api_keys::create_key)
        .service(api_keys::get_key)
        .service(api_keys::update_key)
        .service(api_keys::rotate_key)
        .service(api_keys::disable_key)
        .service(api_keys::enable_key)
        .service(api_keys::revoke_key)
        .service(derived_keys::derive_key)
        .service(connections::list_connections)
        .service(connections::create_connection)
        .service(connections::get_connection)
        .service(connections::update_connection)
        .service(connections::delete_connection)
        .service(connection_tests::test_connection)
        .service(routes::list_routes)
        .service(routes::create_route)
        .service(route_checks::check_route)
        .service(routes::get_route)
        .service(routes::update_route)
        .service(routes::delete_route)
        .service(route_versions::list_route_versions)
        .service(route_versions::get_route_version)
        .service(route_versions::roll_back_route)
        .service(route_simulations::simulate_route)
        .service(route_drafts::list_route_drafts)
        .service(route_drafts::begin_route_draft)
        .service(route_drafts::get_route_draft)
        .service(route_drafts::write_route_draft)
        .service(route_drafts::discard_route_draft)
        .service(route_drafts::publish_route_draft)
        .service(route_rollouts::get_route_rollout)
        .service(route_rollouts::advance_route_rollout)
        .service(route_rollouts::halt_route_rollout)
        .service(route_rollouts::resume_route_rollout)
        .service(route_rollouts::complete_route_rollout)
        .service(route_rollouts::abort_route_rollout)
        .service(signals::list_signals)
        .service(signals::get_signal)
        .service(signals::push_signal)
        .service(signals::delete_signal)
        .service(signal_sources::get_signal_source)
        .service(signal_sources::set_signal_source)
        .service(signal_sources::delete_signal_source);
}
