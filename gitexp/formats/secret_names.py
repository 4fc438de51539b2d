"""Which names stand for secrets: `db_password` does, `num_memory_tokens` and `key_dim` do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import IntEnum
from functools import lru_cache


class Suspicion(IntEnum):
    """How sure a name makes us that its value is a secret."""

    NONE = 0
    LOOKS = 1
    """Only if the value looks random: `upload_token`, `password_prod_reason`."""
    LIKELY = 2
    """Unless the value is clearly something else: `token`, where it may be `<pad>`."""
    SURE = 3


def words(text: str) -> frozenset[str]:
    """The set of the words in `text`."""
    return frozenset(text.split())


_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_SECRET = words(
    """password passwords passwd passwds passphrase passcode pwd secret secrets credential credentials creds
    apikey apikeys apisecret authorization authtoken accesstoken refreshtoken apitoken bearertoken accesskey
    secretkey privatekey clientsecret userpass userpwd jwt cookie cookies"""
)
_SECRET_ENDING = (
    "password",
    "passwd",
    "apikey",
    "secret",
    "secretkey",
    "authtoken",
    "accesstoken",
    "apitoken",
)

# What stands before `key`. A plain `key` is a dictionary's.
_KEY_OWNERS = words(
    """access account admin anon api app application auth authentication authorization client consumer
    decryption deploy developer encryption hmac host jwt license licence master pgp gpg private rsa secret
    secrets server service session shared signing ssh ssl storage subscription tls webhook write"""
)
_SERVICES = words(
    """ai21 airtable aleph algolia anthropic asana aws azure backblaze baseten bedrock bitbucket brave
    circleci claude clearml cloudflare codecov cohere comet confluence databricks datadog deepgram deepinfra
    deepl deepseek digitalocean discord docker dockerhub elastic elevenlabs exa figma fireworks firebase
    gcloud gcp gcs gemini gh git gitea github gitlab google grafana groq heroku hf hub huggingface
    hyperbolic ibm influx influxdb jina jira jupyter kaggle kubernetes labelbox lambdalabs langchain
    langfuse langsmith lepton llama llamacloud linear mailgun mapbox milvus minio mistral modal mongo
    mongodb moonshot neptune netlify ngc notion npm nvidia ollama openai openrouter opsgenie pagerduty
    paperspace perplexity pinecone postgres pypi qdrant rapidapi redis replicate runpod s3 sambanova
    sendgrid sentry serpapi serper slack snowflake stability stripe supabase tavily telegram together
    togetherai trello twilio twine twitter unstructured vault vercel voyage wandb watsonx weaviate weights
    xai youtube zapier zilliz zhipu"""
)
_TOKEN_OWNERS = words(
    """access account admin api app auth authentication authorization bearer bot channel ci client csrf
    deploy device id identity jwt login oauth oauth2 personal private push read refresh registry release
    root sas secret security service session upload user web webhook write xsrf"""
)
_PLURAL_TOKEN_OWNERS = words("access api auth bearer")
# What stands before `token` when it is a piece of text.
_TEXT_TOKENS = words(
    """act action additional agent answer anchor assistant audio bboxes begin beginning beginoftext bod boi
    bos bot box cache cached call chat class classifier cls code condition content context control cross
    current decoder delimiter dist distill document draft dummy dynamic empty emb embed embedding encoder
    end endoftext eod eoi eol eom eop eos eot eov extra fill fim first forced frame from function ignore im
    image img index infill inference init initial initializer input instance instruction is item key label
    language last latency latent learnable length loss lang lookahead mask masked max mem memory merged
    middle min mode modality model motion n new newline next no non noop null num number object observation
    of one oov output pad padding patch per placeholder point pooling pos position pred predicted prefix
    previous prompt query question random rare readout reasoning register response return reward role
    sampled scene segment sentinel sep separator sequence sink source space spatial special speculative
    speaker start state step stop sub suffix summary system tag target task text think thinking thought time
    timestamp to tool total trigger turn unconditional unk unknown unused usage user value verify video view
    vision visual vocab wait word"""
)
_PASS_OWNERS = words(
    """admin database db email ftp http imap key ldap mail mongo mongodb mysql pg postgres proxy rabbitmq
    redis root sftp smtp sql ssh sudo svc user wifi"""
)
# A last word that says the value is about the secret, not the secret.
_ABOUT = words(
    """acc accuracy age arn attempts backend bits class classes column count cost dim dimension dir
    directory dropout enabled endpoint env environment error exists expires expiry expiration field file
    filename fields folder format header id ids kind len length limit location loss manager max min mode
    model name names num number path policy prefix prompt provider rate ratio regex required reset rotation
    rounds scheme scope scopes score sharing size source store strength suffix template ttl type types uri
    url usage var variable version weight weights width"""
)
_TRAILERS = words("value b64 base64 plain raw text prod production dev staging test old new current")
_COUNTS = words("n num max min total avg mean no number count use has is with add per")
_NOT_SECRET = words("pwd oldpwd")


def suspicion(name: str) -> Suspicion:
    """How likely the value that `name` stands for is a secret. A dotted name is judged by its last part."""
    return _judge(name) if len(name) <= 200 else Suspicion.NONE


def matches(name: str, extra_keys: Sequence[str]) -> bool:
    """Whether one of the user's own patterns, words to be found in the name, fits."""
    folded = name.lower().replace("-", "_")
    return any(key.lower().replace("-", "_") in folded for key in extra_keys)


def counts(name: str) -> bool:
    """Whether the name says that its value is a number of things: `num_secrets`."""
    parts = _SPLIT.findall(name.rpartition(".")[2])
    return bool(parts) and parts[0].lower() in _COUNTS


@lru_cache(maxsize=4096)
def _judge(name: str) -> Suspicion:
    parts = [part.lower() for part in _SPLIT.findall(name.rpartition(".")[2] or name)]
    if not parts or "_".join(parts) in _NOT_SECRET:
        return Suspicion.NONE
    if parts[-3:] == ["access", "key", "id"]:
        return Suspicion.SURE
    while len(parts) > 1 and (parts[-1].isdigit() or parts[-1] in _TRAILERS):
        parts.pop()
    level = _judge_end(parts)
    if level is not Suspicion.NONE or parts[-1] in _ABOUT:
        return level
    inside = any(_judge_end(parts[:end]) is Suspicion.SURE for end in range(1, len(parts)))
    return Suspicion.LOOKS if inside else Suspicion.NONE


def _judge_end(parts: list[str]) -> Suspicion:
    """How suspicious a name is by its last word and that word's owner."""
    last, owner = parts[-1], parts[-2] if len(parts) > 1 else ""
    if last in _SECRET or last.endswith(_SECRET_ENDING):
        return Suspicion.SURE
    if last in ("key", "keys"):
        return Suspicion.SURE if owner in _KEY_OWNERS or owner in _SERVICES else Suspicion.NONE
    if last == "tokens":
        return Suspicion.SURE if owner in _PLURAL_TOKEN_OWNERS else Suspicion.NONE
    if last == "token":
        return _judge_token(owner)
    if last in ("pass", "pw") and owner in _PASS_OWNERS:
        return Suspicion.SURE
    if last in ("pat", "sas") and owner in _SERVICES:
        return Suspicion.SURE
    return Suspicion.LOOKS if last in ("auth", "bearer", "dsn") or parts == ["pass"] else Suspicion.NONE


def _judge_token(owner: str) -> Suspicion:
    if not owner:
        return Suspicion.LIKELY
    if owner in _TEXT_TOKENS:
        # `id` and `user` own both kinds.
        return Suspicion.LOOKS if owner in _TOKEN_OWNERS else Suspicion.NONE
    return Suspicion.SURE if owner in _TOKEN_OWNERS or owner in _SERVICES else Suspicion.LOOKS
