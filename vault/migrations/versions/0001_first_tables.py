"""Lay down the vault's tables and the log's.

Revision ID: 0001
Revises: (none)
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "access_requests",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("handle_hash", sa.LargeBinary(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("max_uses", sa.Integer(), nullable=False),
        sa.Column("period_seconds", sa.Integer(), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("redeemed_at", sa.BigInteger(), nullable=True),
        sa.Column("polled_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "request_id", name=op.f("pk_access_requests")),
        sa.UniqueConstraint("handle_hash", name=op.f("uq_access_requests_handle_hash")),
    )
    op.create_index(
        "uq_access_requests_one_pending",
        "access_requests",
        ["citizen_id", "service_id", "purpose"],
        unique=True,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("citizen_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_label", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
    )
    op.create_index(op.f("ix_accounts_citizen_id"), "accounts", ["citizen_id"], unique=False)
    op.create_table(
        "authorities",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("powers", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("holder_account_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_evidence", sa.LargeBinary(), nullable=True),
        sa.Column("seen_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "authority_id", name=op.f("pk_authorities")),
    )
    op.create_table(
        "blind_indexes",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("column", sa.String(length=200), nullable=False),
        sa.Column("index", sa.LargeBinary(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "column", "index", name=op.f("pk_blind_indexes")),
    )
    op.create_index(op.f("ix_blind_indexes_column_index"), "blind_indexes", ["column", "index"], unique=False)
    op.create_table(
        "cases",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_statement", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("record_id", sa.Uuid(), nullable=True),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "case_id", name=op.f("pk_cases")),
    )
    op.create_table(
        "category_keys",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(length=200), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "category", "epoch", name=op.f("pk_category_keys")),
    )
    op.create_table(
        "challenges",
        sa.Column("challenge_hash", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_challenges")),
    )
    op.create_table(
        "citizen_keys",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "kind", "generation", name=op.f("pk_citizen_keys")),
    )
    op.create_table(
        "citizens",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("merged_into", sa.Uuid(), nullable=True),
        sa.Column("notice_due_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", name=op.f("pk_citizens")),
    )
    op.create_table(
        "grants",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("max_sensitivity", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("not_after", sa.BigInteger(), nullable=False),
        sa.Column("max_uses", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("exceptions", sa.Text(), nullable=False),
        sa.Column("history", sa.Boolean(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("decider_account_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_evidence", sa.LargeBinary(), nullable=True),
        sa.Column("case_reference", sa.String(length=200), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("uses <= max_uses", name=op.f("ck_grants_uses_within")),
        sa.PrimaryKeyConstraint("citizen_id", "grant_id", name=op.f("pk_grants")),
    )
    op.create_index(op.f("ix_grants_grant_id"), "grants", ["grant_id"], unique=True)
    op.create_index(op.f("ix_grants_service_id"), "grants", ["service_id"], unique=False)
    op.create_table(
        "held_back",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=False),
        sa.Column("approved_first", sa.Uuid(), nullable=False),
        sa.Column("approved_second", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "record_id", name=op.f("pk_held_back")),
    )
    op.create_table(
        "house_keys",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", "generation", name=op.f("pk_house_keys")),
    )
    op.create_table(
        "identities",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("identity_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False),
        sa.Column("assurance", sa.String(length=200), nullable=False),
        sa.Column("evidence", sa.String(length=200), nullable=False),
        sa.Column("bound_at", sa.BigInteger(), nullable=False),
        sa.Column("bound_by", sa.Uuid(), nullable=True),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "identity_id", name=op.f("pk_identities")),
    )
    op.create_index(op.f("ix_identities_issuer_subject_index"), "identities", ["issuer", "subject_index"], unique=True)
    op.create_table(
        "import_runs",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("source_system", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("agreement", sa.String(length=200), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_import_runs")),
    )
    op.create_table(
        "links",
        sa.Column("link_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("made_first", sa.Uuid(), nullable=True),
        sa.Column("made_second", sa.Uuid(), nullable=True),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("link_hash", name=op.f("pk_links")),
    )
    op.create_table(
        "organisations",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("pk_organisations")),
        sa.UniqueConstraint("slug", name=op.f("uq_organisations_slug")),
    )
    op.create_table(
        "passkeys",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("passkey_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "passkey_id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_table(
        "purposes",
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("approved_first", sa.Uuid(), nullable=True),
        sa.Column("approved_second", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_purposes")),
    )
    op.create_table(
        "record_versions",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=200), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=True),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "record_id", "version", name=op.f("pk_record_versions")),
    )
    op.create_table(
        "records",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("category", sa.String(length=200), nullable=False),
        sa.Column("source_key", sa.LargeBinary(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("source_system", sa.String(length=200), nullable=False),
        sa.Column("sensitivity", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("retention_class", sa.String(length=200), nullable=False),
        sa.Column("dispose_after", sa.BigInteger(), nullable=True),
        sa.Column("legal_hold", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("version >= 1", name=op.f("ck_records_version_positive")),
        sa.PrimaryKeyConstraint("citizen_id", "record_id", name=op.f("pk_records")),
        sa.UniqueConstraint("citizen_id", "source_key", name=op.f("uq_records_citizen_id_source_key")),
    )
    op.create_index(op.f("ix_records_citizen_id_category"), "records", ["citizen_id", "category"], unique=False)
    op.create_index(op.f("ix_records_source_key"), "records", ["source_key"], unique=False)
    op.create_table(
        "references",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("reference_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
        sa.Column("index", sa.LargeBinary(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("verified_how", sa.String(length=200), nullable=True),
        sa.Column("verified_by", sa.Uuid(), nullable=True),
        sa.Column("verified_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "reference_id", name=op.f("pk_references")),
    )
    op.create_index(
        op.f("ix_references_organisation_id_index"), "references", ["organisation_id", "index"], unique=False
    )
    op.create_table(
        "seals",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "record_id", "version", "epoch", name=op.f("pk_seals")),
    )
    op.create_table(
        "service_purposes",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("service_id", "purpose", name=op.f("pk_service_purposes")),
    )
    op.create_table(
        "services",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("jwks", sa.Text(), nullable=False),
        sa.Column("batch_purposes", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_services")),
        sa.UniqueConstraint("slug", name=op.f("uq_services_slug")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("sign_in_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(length=200), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("proven_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sign_in_hash", name=op.f("pk_sign_ins")),
    )
    op.create_index(op.f("ix_sign_ins_account_id"), "sign_ins", ["account_id"], unique=False)
    op.create_table(
        "spent_proofs",
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("jti_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("owner", "jti_hash", name=op.f("pk_spent_proofs")),
    )
    op.create_index(op.f("ix_spent_proofs_expires_at"), "spent_proofs", ["expires_at"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("grant_version", sa.Integer(), nullable=False),
        sa.Column("thumbprint", sa.String(length=200), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "token_hash", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tokens_token_hash")),
    )
    op.create_index(op.f("ix_tokens_expires_at"), "tokens", ["expires_at"], unique=False)
    op.create_table(
        "unmatched_items",
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("source_system", sa.String(length=200), nullable=False),
        sa.Column("source_key", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("team", sa.String(length=200), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("dispose_after", sa.BigInteger(), nullable=False),
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("item_id", name=op.f("pk_unmatched_items")),
        sa.UniqueConstraint("source_key", name=op.f("uq_unmatched_items_source_key")),
    )
    op.create_table(
        "vault_facts",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.String(length=200), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_vault_facts")),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("log", "size", name=op.f("pk_audit_checkpoints")),
    )
    op.create_table(
        "audit_entries",
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "index", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_audit_entries_leaf_hash")),
    )
    op.create_index(
        op.f("ix_audit_entries_subject_log_index"), "audit_entries", ["subject", "log", "index"], unique=False
    )
    op.create_table(
        "audit_nodes",
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "level", "index", name=op.f("pk_audit_nodes")),
    )
    op.create_table(
        "audit_outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("subject", sa.LargeBinary(), nullable=True),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("mac", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("month", sa.String(length=7), nullable=True),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_outbox")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_audit_outbox_leaf_hash")),
    )
    op.create_index(op.f("ix_audit_outbox_subject"), "audit_outbox", ["subject"], unique=False)
    op.create_table(
        "audit_payloads",
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("commitment", name=op.f("pk_audit_payloads")),
    )
    op.create_index(op.f("ix_audit_payloads_month"), "audit_payloads", ["month"], unique=False)
    op.create_table(
        "audit_writers",
        sa.Column("writer", sa.String(length=16), nullable=False),
        sa.Column("next_number", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=True),
        sa.Column("last_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("writer", name=op.f("pk_audit_writers")),
    )


def downgrade() -> None:
    op.drop_table("audit_writers")
    op.drop_index(op.f("ix_audit_payloads_month"), table_name="audit_payloads")
    op.drop_table("audit_payloads")
    op.drop_index(op.f("ix_audit_outbox_subject"), table_name="audit_outbox")
    op.drop_table("audit_outbox")
    op.drop_table("audit_nodes")
    op.drop_index(op.f("ix_audit_entries_subject_log_index"), table_name="audit_entries")
    op.drop_table("audit_entries")
    op.drop_table("audit_checkpoints")
    op.drop_table("vault_facts")
    op.drop_table("unmatched_items")
    op.drop_index(op.f("ix_tokens_expires_at"), table_name="tokens")
    op.drop_table("tokens")
    op.drop_index(op.f("ix_spent_proofs_expires_at"), table_name="spent_proofs")
    op.drop_table("spent_proofs")
    op.drop_index(op.f("ix_sign_ins_account_id"), table_name="sign_ins")
    op.drop_table("sign_ins")
    op.drop_table("services")
    op.drop_table("service_purposes")
    op.drop_table("seals")
    op.drop_index(op.f("ix_references_organisation_id_index"), table_name="references")
    op.drop_table("references")
    op.drop_index(op.f("ix_records_source_key"), table_name="records")
    op.drop_index(op.f("ix_records_citizen_id_category"), table_name="records")
    op.drop_table("records")
    op.drop_table("record_versions")
    op.drop_table("purposes")
    op.drop_table("passkeys")
    op.drop_table("organisations")
    op.drop_table("links")
    op.drop_table("import_runs")
    op.drop_index(op.f("ix_identities_issuer_subject_index"), table_name="identities")
    op.drop_table("identities")
    op.drop_table("house_keys")
    op.drop_table("held_back")
    op.drop_index(op.f("ix_grants_service_id"), table_name="grants")
    op.drop_index(op.f("ix_grants_grant_id"), table_name="grants")
    op.drop_table("grants")
    op.drop_table("citizens")
    op.drop_table("citizen_keys")
    op.drop_table("challenges")
    op.drop_table("category_keys")
    op.drop_table("cases")
    op.drop_index(op.f("ix_blind_indexes_column_index"), table_name="blind_indexes")
    op.drop_table("blind_indexes")
    op.drop_table("authorities")
    op.drop_index(op.f("ix_accounts_citizen_id"), table_name="accounts")
    op.drop_table("accounts")
    op.drop_index(
        "uq_access_requests_one_pending",
        table_name="access_requests",
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.drop_table("access_requests")
