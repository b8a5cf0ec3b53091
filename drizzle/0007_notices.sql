CREATE TABLE "maintenance" (
	"key" text PRIMARY KEY NOT NULL,
	"message" text NOT NULL,
	"from_at" timestamp (3) with time zone NOT NULL,
	"until_at" timestamp (3) with time zone NOT NULL,
	"timezone" text NOT NULL,
	"withdrawn_at" timestamp (3) with time zone,
	"revision" integer DEFAULT 1 NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_by" text NOT NULL
);
--> statement-breakpoint
CREATE TABLE "system_errors" (
	"workspace_id" uuid NOT NULL,
	"kind" text NOT NULL,
	"severity" text NOT NULL,
	"message" text NOT NULL,
	"since" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"revision" integer DEFAULT 1 NOT NULL,
	CONSTRAINT "system_errors_workspace_id_kind_pk" PRIMARY KEY("workspace_id","kind")
);
