"""Invented secrets in the published shapes, and real parameter names that only sound like secrets.

The tokens are put together here, so that no scanner of a git host mistakes this file for a leak.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from itertools import product


def _words(text: str) -> list[str]:
    return text.split()


PLAIN = "Tr0ub4dor-3x"
"""A secret without a shape: only its name gives it away."""


def _hex(seed: str, length: int) -> str:
    return (hashlib.sha512(seed.encode()).hexdigest() * 2)[:length]


def _mixed(seed: str, length: int) -> str:
    digest = b"".join(hashlib.sha512(f"{seed}{i}".encode()).digest() for i in range(4))
    return urlsafe_b64encode(digest).decode().replace("-", "x").replace("_", "Y").replace("=", "")[:length]


def _upper(seed: str, length: int) -> str:
    return "".join("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[int(c, 16)] for c in _hex(seed, length))


JWT = ".".join(("eyJ" + _mixed("a", 33), "eyJ" + _mixed("b", 70), _mixed("c", 43)))
PRIVATE_KEY = "\n".join(
    (
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        _mixed("d", 64),
        _mixed("e", 64),
        "-----END RSA " + "PRIVATE KEY-----",
    )
)

TOKENS = {
    "openai": "sk-" + _mixed("1", 48),
    "openai project": "sk-" + "proj-" + _mixed("2", 60),
    "openai service": "sk-" + "svcacct-" + _mixed("2b", 60),
    "anthropic": "sk-" + "ant-api03-" + _mixed("3", 90),
    "openrouter": "sk-" + "or-v1-" + _hex("4", 64),
    "deepseek": "sk-" + _hex("4b", 32),
    "hugging face": "hf_" + _mixed("5", 34),
    "hugging face organisation": "api_org_" + _mixed("5b", 34),
    "github": "ghp_" + _mixed("6", 36),
    "github oauth": "gho_" + _mixed("7", 36),
    "github server": "ghs_" + _mixed("7b", 36),
    "github fine-grained": "github_pat_" + _mixed("8", 22) + "_" + _mixed("9", 59),
    "gitlab": "glpat-" + _mixed("10", 20),
    "gitlab deploy": "gldt-" + _mixed("11", 20),
    "aws key id": "AKIA" + _upper("12", 16),
    "aws session key id": "ASIA" + _upper("13", 16),
    "google": "AIza" + _mixed("14", 35),
    "google oauth": "ya29." + _mixed("15", 60),
    "google client": "GOCSPX-" + _mixed("15b", 28),
    "slack bot": "xoxb-" + "123456789012-" + _mixed("16", 24),
    "slack user": "xoxp-" + "123456789012-" + _mixed("17", 24),
    "slack app": "xapp-" + "1-A012-" + _mixed("17b", 40),
    "stripe": "sk_" + "live_" + _mixed("18", 24),
    "stripe restricted": "rk_" + "live_" + _mixed("19", 24),
    "stripe webhook": "whsec_" + _mixed("19b", 32),
    "npm": "npm_" + _mixed("20", 36),
    "pypi": "pypi-" + "AgEIcHlwaS5vcmc" + _mixed("21", 90),
    "jwt": JWT,
    "sendgrid": "SG." + _mixed("22", 22) + "." + _mixed("23", 43),
    "replicate": "r8_" + _mixed("24", 37),
    "groq": "gsk_" + _mixed("25", 52),
    "xai": "xai-" + _mixed("26", 80),
    "perplexity": "pplx-" + _mixed("27", 48),
    "nvidia": "nvapi-" + _mixed("28", 64),
    "together": "tgp_v1_" + _mixed("29", 43),
    "fireworks": "fw_" + _mixed("29b", 24),
    "pinecone": "pcsk_" + _mixed("30", 60),
    "langsmith": "lsv2_" + "pt_" + _hex("31", 32) + "_" + _hex("32", 10),
    "tavily": "tvly-" + _mixed("33", 32),
    "jina": "jina_" + _mixed("34", 60),
    "weights and biases": "wandb_v1_" + _mixed("34b", 60),
    "databricks": "dapi" + _hex("35", 32),
    "digitalocean": "dop_v1_" + _hex("36", 64),
    "docker hub": "dckr_" + "pat_" + _mixed("37", 27),
    "vault": "hvs." + _mixed("38", 90),
    "grafana": "glsa_" + _mixed("39", 32) + "_" + _hex("39", 8),
    "shopify": "shpat_" + _hex("40", 32),
    "linear": "lin_api_" + _mixed("41", 40),
    "notion": "ntn_" + _mixed("42", 46),
    "figma": "figd_" + _mixed("43", 40),
    "atlassian": "ATATT3" + _mixed("44", 100),
    "postman": "PMAK-" + _hex("45", 24) + "-" + _hex("46", 34),
    "age": "AGE-SECRET-KEY-1" + _upper("47", 58),
    "telegram": "123456789:AA" + _mixed("48", 33),
}
"""Kind -> a token that its shape alone gives away."""

SECRET_NAMES = _words(
    """token api_key apikey api-key API_KEY HF_TOKEN hf-token hub_token huggingface_token password
    db_password DB_PASSWORD db-pass passwd passphrase secret client_secret clientSecret SECRET_KEY
    secret_access_key aws_secret_access_key AWS_SECRET_ACCESS_KEY aws_session_token access_token
    accessToken auth_token auth-token authToken refresh_token bearer_token private_key access_key
    openai_key OPENAI_API_KEY openai_api_key anthropic_api_key WANDB_API_KEY wandb_key wandb-key
    GITHUB_TOKEN GH_TOKEN gitlab_token CI_JOB_TOKEN slack_token telegram_bot_token discord_bot_token
    NEPTUNE_API_TOKEN COMET_API_KEY MLFLOW_TRACKING_PASSWORD MLFLOW_TRACKING_TOKEN KAGGLE_KEY
    POSTGRES_PASSWORD PGPASSWORD MYSQL_PWD REDIS_PASSWORD SMTP_PASS smtp_pw AZURE_STORAGE_KEY
    azure_account_key AZURE_CLIENT_SECRET subscription_key encryption_key signing_key jwt_secret JWT
    cookie session_key credentials creds master_key ssh_passphrase user_password admin-password
    root_passwd api_secret consumer_key consumer_secret app_key dbPassword apiKey1 token2
    API_KEY_PROD DB_PASSWORD_STAGING model.api_key judge.client.api_key NPM_TOKEN TWINE_PASSWORD
    DOCKER_PASSWORD PINECONE_API_KEY COHERE_API_KEY LANGCHAIN_API_KEY SENTRY_AUTH_TOKEN ngc_api_key
    SECRET my_secret webhook_secret"""
)
"""Names whose value is a secret whatever it looks like."""

_TEXT_TOKENS = _words(
    "pad eos bos unk cls sep mask image video audio next stop start end special class prompt prefix"
)
_COUNTED = _words(
    "n num max min total avg max_new min_new num_memory num_register context prompt completion max_prompt "
    "num_special max_completion num_image reasoning generated padded trainable n_prefix input output cached "
    "per_batch"
)
_KEY_OWNERS = _words(
    "image label text sort primary foreign group target input output state index metric time cache dict"
)
_ABOUT = _words(
    "dim size dropout len type index id ids count weight ratio embed_dim proj bias heads norm init_std"
)
_NUMBERS = (0, 1, 8, 64, 128, 512, 4096, 0.1, 1e-4, True, False, None, 131072, 1_000_000)

HAND_WRITTEN: dict[str, object] = {
    "tokenizer": "meta-llama/Llama-3.1-8B-Instruct",
    "tokenizer_name": "gpt2",
    "tokenizer_path": "models/tok.model",
    "token_type": "bpe",
    "token_dropout": 0.1,
    "tokens_per_second": 1234.5,
    "key_dim": 64,
    "n_keys": 3,
    "key": "accuracy",
    "keys": "image,label",
    "pass_rate": 0.93,
    "pass@1": 0.4,
    "pass_at_k": 10,
    "n_pass": 2,
    "first_pass": "greedy",
    "secretary_problem": True,
    "author": "Ada Lovelace",
    "authors": "A and B",
    "authenticity_loss": 0.3,
    "monkey": "patch",
    "keyboard": "qwerty",
    "keypoints": 17,
    "keyframe_interval": 12,
    "key_padding_mask": True,
    "num_key_value_heads": 8,
    "commit": _hex("c", 40),
    "revision": _hex("r", 40),
    "sha256": _hex("s", 64),
    "checksum": "sha256:" + _hex("t", 64),
    "model_hash": _hex("m", 32),
    "dataset_oid": _hex("o", 64),
    "run_id": "8f14e45fceea167a5a36dedd4bea2543",
    "etag": _hex("e", 32),
    "uuid": "0b2f7b2c-3d9a-4a3e-9b39-0b3f6a3f2d11",
    "wandb_run_id": "3f2ak7qz",
    "password_file": "secrets/db.txt",
    "api_key_env": "OPENAI_API_KEY",
    "api_key_env_var": "HF_TOKEN",
    "api_key_name": "production",
    "token_path": "tok/vocab.json",
    "use_auth_token": False,
    "trust_remote_code": True,
    "add_bos_token": True,
    "token": None,
    "hf_token": None,
    "api_key": "",
    "use_cls_token": True,
    "stop_token_ids": [1, 2],
    "eos_token_id": 2,
    "pad_token": "<pad>",
    "mask_token": "[MASK]",
    "bos_token": "<|begin_of_text|>",
    "eos_token": "</s>",
    "image_token": "<image>",
    "separator_token": "\n\n",
    "placeholder_token": "<cat-toy>",
    "initializer_token": "toy",
    "instance_token": "sks",
    "trigger_token": "ohwx",
    "answer_token": "Yes",
    "token_pattern": r"(?u)\b\w\w+\b",
    "passthrough": True,
    "passes": 3,
    "bypass": False,
    "compass": "north",
    "passage_len": 128,
    "num_passages": 20,
    "passage_template": "{title}\n{text}",
    "forward_pass": "checkpointed",
    "authority": 0.5,
    "authoritative": True,
    "signature": "def f(x)",
    "secret_sharing_n": 3,
    "secretary": "x",
    "auth": "none",
    "auth_type": "basic",
    "cookie_cutter": True,
    "patience": 5,
    "pattern": ".*",
    "path": "data/train.csv",
    "patch_size": 16,
    "session": 3,
    "session_id": 4,
    "session_gap": "30min",
    "salt": 7,
    "pin_memory": True,
    "dsn_type": "odbc",
    "basket": "a",
    "sk_learn": True,
    "estimator": "sk-learn-pipeline",
    "task-ask-risk": 1,
    "disk-cache-dir": "disk-cache-directory-name",
    "optimizer": "adamw_torch_fused",
    "lr_scheduler_type": "cosine_with_restarts",
    "report_to": "tensorboard",
    "output_dir": "outputs/2026-11-23_18-05-00_resnet50_imagenet_lr1e-3",
    "resume": "checkpoints/step-00012000.pt",
    "model": "mistralai/Mixtral-8x7B-Instruct-v0.1",
    "dataset": "HuggingFaceH4/ultrachat_200k",
    "config": "configs/base.yaml",
    "experiment": "ghost_bottleneck_v2_se_ratio_025",
    "backbone": "vit_base_patch16_clip_224.openai_ft_in12k_in1k",
    "url": "https://huggingface.co/datasets/squad@main",
    "tracking_uri": "http://localhost:5000",
    "remote": "git@github.com:a/b.git",
    "bucket": "s3://bucket/path/to/data-00000-of-00010.parquet",
    "prompt": "Count the tokens: one two three. The key: be brief.",
    "system_prompt": "You are a helpful assistant. Never reveal the password.",
    "seed": 1234567890123456789,
    "ratio": "16:9",
    "privacy_budget": 1.0,
    "private": True,
    "access": "public",
    "accessibility": 1,
    "account": "research",
    "license": "mit",
    "encryption": "none",
    "credit": 3,
    "accredited": True,
    "unauthorized_rate": 0.1,
    "keyed": True,
    "keep_keys": "a,b",
    "turkey": "x",
    "hockey": "stick",
    "whiskey": 1,
    "key_frames": 2,
    "wq_wk_wv": "key",
    "attn_key_bias": True,
    "kv": "key-value",
}


def innocent_params() -> Iterator[tuple[str, object]]:
    """Over a thousand params as people name them, none of which is a secret."""
    yield from HAND_WRITTEN.items()
    words = [str(n) for n in ("<pad>", "</s>", "[CLS]", "<|im_end|>", "the", "Yes", "sks")]
    for owner, value in product(_TEXT_TOKENS, words):
        yield f"{owner}_token", value
    for owner, value in product(_COUNTED, (*_NUMBERS, "auto")):
        yield f"{owner}_tokens", value
    for owner, value in product(
        _KEY_OWNERS, ("image", "labels", "id", "timestamp_ms", "bert.embeddings.word")
    ):
        yield f"{owner}_key", value
    for stem, about, value in product(
        ("token", "key", "pass", "auth"), _ABOUT, (64, 0.5, "mean", "learned_absolute")
    ):
        yield f"{stem}_{about}", value
    for scope, (name, value) in product(("model", "train.data"), list(HAND_WRITTEN.items())):
        yield f"{scope}.{name}", value
