// The names the dashboard uses for the generated schemas; the only place that knows how the document calls them.
import type { components } from "./schema.gen";

type Schemas = components["schemas"];

export type Attempt = Schemas["Attempt"];
export type Connection = Schemas["Connection"];
export type ConnectionSettings = Schemas["ConnectionSettings"];
export type ConnectionTest = Schemas["ConnectionTest"];
export type CredentialForm = Schemas["ProviderCredential"];
export type Key = Schemas["Key"];
export type KeyWithSecret = Schemas["KeyWithSecret"];
export type Me = Schemas["Me"];
export type Membership = Schemas["Membership"];
export type Money = Schemas["Money"];
export type Problem = Schemas["Problem"];
export type Provider = Schemas["Provider"];
export type RequestRecord = Schemas["Request"];
export type Role = Schemas["Role"];
export type Session = Schemas["Session"];
export type SettingForm = Schemas["ProviderSetting"];
export type Usage = Schemas["Usage"];
export type UsagePoint = Schemas["UsagePoint"];
export type UsageSeries = Schemas["UsageSeries"];
export type UsageTotals = Schemas["UsageTotals"];
export type User = Schemas["User"];
export type Project = Schemas["Project"];
export type Version = Schemas["Version"];
