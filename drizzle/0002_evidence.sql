CREATE TABLE "pattern_history" (
	"workspace_id" uuid NOT NULL,
	"pattern_id" text NOT NULL,
	"position" bigint NOT NULL,
	"at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"n" integer NOT NULL,
	"successes" integer NOT NULL,
	"confidence" double precision NOT NULL,
	"confidence_worse" double precision NOT NULL,
	"confidence_before" double precision,
	"log_e" double precision NOT NULL,
	"status" text NOT NULL,
	"events" jsonb,
	"trigger_position" bigint,
	"processing_ms" double precision NOT NULL,
	CONSTRAINT "pattern_history_workspace_id_pattern_id_position_pk" PRIMARY KEY("workspace_id","pattern_id","position")
);
--> statement-breakpoint
CREATE TABLE "self_checks" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"workspace_id" uuid NOT NULL,
	"state" text NOT NULL,
	"created_by" text NOT NULL,
	"instance" text,
	"seed" bigint NOT NULL,
	"shuffles" integer NOT NULL,
	"done" integer DEFAULT 0 NOT NULL,
	"confirmed_in" integer DEFAULT 0 NOT NULL,
	"emerged" integer DEFAULT 0 NOT NULL,
	"outcomes" integer DEFAULT 0 NOT NULL,
	"position" bigint DEFAULT 0 NOT NULL,
	"duration_ms" double precision DEFAULT 0 NOT NULL,
	"error" text,
	"created_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp (3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp (3) with time zone
);
--> statement-breakpoint
ALTER TABLE "patterns" ADD COLUMN "status_at" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "patterns" ADD COLUMN "direction" text;--> statement-breakpoint
ALTER TABLE "patterns" ADD COLUMN "confidence" double precision DEFAULT 0.16666666666666666 NOT NULL;--> statement-breakpoint
ALTER TABLE "patterns" ADD COLUMN "log_e_plus" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "patterns" ADD COLUMN "log_e_minus" double precision DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "patterns" ADD COLUMN "epoch_at" bigint DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "patterns" ADD COLUMN "confirmed_at" bigint;--> statement-breakpoint
ALTER TABLE "patterns" ADD COLUMN "changed_at" bigint;--> statement-breakpoint
ALTER TABLE "patterns" ADD COLUMN "pinned" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "patterns" ADD COLUMN "explained_by" text;--> statement-breakpoint
ALTER TABLE "patterns" ADD COLUMN "explained_reason" text;--> statement-breakpoint
CREATE INDEX "pattern_history_events" ON "pattern_history" USING btree ("workspace_id","position") WHERE "pattern_history"."events" is not null;--> statement-breakpoint
CREATE INDEX "self_checks_workspace" ON "self_checks" USING btree ("workspace_id","created_at");--> statement-breakpoint
CREATE UNIQUE INDEX "self_checks_running" ON "self_checks" USING btree ("workspace_id") WHERE "self_checks"."state" = 'running';