// Why an endpoint was left out, by the codes that decisions and proofs name. What a newer server says more is shown as it is.

const REASONS: Record<string, string> = {
  credential_missing: "no usable connection",
  credential_disabled: "connection disabled",
  modality_unsupported: "does not offer this operation",
  context_too_small: "context too small",
  tools_unsupported: "not known to call tools",
  schema_unsupported: "not known to keep to a JSON schema",
  reasoning_unsupported: "not known to think first",
  deprecated: "taken out of the catalog",
  weight_zero: "weight 0",
  provider_excluded: "provider not allowed",
  model_excluded: "model not allowed",
  region_blocked: "not known to process where demanded",
  retention_required: "not known to keep no more than allowed",
  training_excluded: "not known to leave requests out of training",
  provenance_excluded: "not known to have the origin or license demanded",
  variant_excluded: "not known to be served in an allowed number format",
  certification_missing: "not known to hold a certificate demanded",
  price_above_cap: "price above what is allowed",
  price_unknown: "price not known",
  cost_above_cap: "could cost more than the request may",
  fallback_excluded: "no fallbacks wanted",
};

export function rejectionWords(code: string): string {
  return REASONS[code] ?? code;
}
