/* SPDX-License-Identifier: Apache-2.0 */
/* From a recipe of the table to the bytes that are sent. */
#include "rig/ca/key.h"
#include "rig/ca_attack/weak_key.h"

#include <openssl/pem.h>

#include <string.h>

struct rig_attack_forge {
    struct rig_attack_names names;
    enum rig_attack_key base_kind;
    struct rig_weak_key base;
};

static void free_extensions(STACK_OF(X509_EXTENSION) * *stack)
{
    sk_X509_EXTENSION_pop_free(*stack, X509_EXTENSION_free);
    *stack = NULL;
}

/* Texts --------------------------------------------------------------------------------------- */

rig_result rig_attack_fill(const char *text, const struct rig_attack_names *names,
                           struct rig_buf *out, struct rig_error *err)
{
    const struct {
        const char *word;
        const char *value;
    } places[] = {{"{device}", names->device},
                  {"{other}", names->other},
                  {"{server}", names->server},
                  {"{late}", names->late != NULL ? names->late : ""}};

    while (*text != '\0') {
        size_t n = 1;
        const char *put = text;
        size_t put_len = 1;

        if (strncmp(text, "{nul}", 5) == 0) {
            put = "";
            n = 5;
        }
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            if (strncmp(text, places[i].word, strlen(places[i].word)) == 0) {
                n = strlen(places[i].word);
                put = places[i].value;
                put_len = strlen(put);
            }
        }
        RIG_TRY(rig_buf_append(out, put, put_len, err));
        text += n;
    }
    return RIG_DONE;
}

/* Subject and extensions ---------------------------------------------------------------------- */

static rig_result add_field(X509_NAME *name, const char *oid, const void *value, size_t len,
                            struct rig_error *err)
{
    const int nid = OBJ_sn2nid(oid);
    const int type = nid == NID_countryName ? V_ASN1_PRINTABLESTRING : V_ASN1_UTF8STRING;
    /* with an explicit type OpenSSL asks neither for a length nor for an alphabet */
    X509_NAME_ENTRY *entry = X509_NAME_ENTRY_create_by_NID(NULL, nid, type, value, (int)len);
    const bool added = entry != NULL && X509_NAME_add_entry(name, entry, -1, 0) == 1;

    X509_NAME_ENTRY_free(entry);
    return added ? RIG_DONE : rig_pki_fail_library(err, "build a subject");
}

static rig_result add_filled(X509_NAME *name, const struct rig_attack_field *field,
                             const struct rig_attack_names *names, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf value = {0};

    RIG_TRY(rig_attack_fill(field->value, names, &value, err));
    return add_field(name, field->oid, rig_buf_text(&value), value.len, err);
}

static rig_result set_subject(X509_REQ *csr, const struct rig_attack_recipe *recipe,
                              const struct rig_attack_names *names, struct rig_error *err)
{
    X509_NAME *name = X509_REQ_get_subject_name(csr);
    const struct rig_attack_field good = {"CN", "{device}"};
    bool has_organization = false;

    if (recipe->no_subject) {
        return RIG_DONE;
    }
    if (recipe->subject[0].oid == NULL) {
        RIG_TRY(add_filled(name, &good, names, err));
    }
    for (size_t i = 0; i < RIG_ATTACK_MAX_FIELDS && recipe->subject[i].oid != NULL; i++) {
        RIG_TRY(add_filled(name, &recipe->subject[i], names, err));
        has_organization = has_organization || strcmp(recipe->subject[i].oid, "O") == 0;
    }
    /* what stands beside the one flaw is as a good board has it */
    if (!has_organization && names->organization != NULL) {
        RIG_TRY(add_field(name, "O", names->organization, strlen(names->organization), err));
    }
    if (!has_organization && names->country != NULL) {
        RIG_TRY(add_field(name, "C", names->country, strlen(names->country), err));
    }
    return RIG_DONE;
}

static rig_result extension_value(const struct rig_attack_extension *extension,
                                  const struct rig_attack_names *names, struct rig_buf *value,
                                  struct rig_error *err)
{
    if (extension->repeat == 0) {
        return rig_attack_fill(extension->value, names, value, err);
    }
    for (size_t i = 0; i < extension->repeat; i++) {
        RIG_TRY(rig_buf_printf(value, err, "%s%sd%zu.%s", i != 0 ? "," : "", extension->value, i,
                               names->server));
    }
    return RIG_DONE;
}

static rig_result push_extension(STACK_OF(X509_EXTENSION) * stack,
                                 const struct rig_attack_extension *extension,
                                 const struct rig_attack_names *names, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf value = {0};
    X509_EXTENSION *made;

    RIG_TRY(extension_value(extension, names, &value, err));
    made = X509V3_EXT_conf_nid(NULL, NULL, OBJ_sn2nid(extension->name), rig_buf_text(&value));
    if (made == NULL || sk_X509_EXTENSION_push(stack, made) <= 0) {
        X509_EXTENSION_free(made);
        return rig_pki_fail_library(err, "build an extension of a CSR");
    }
    return RIG_DONE;
}

static rig_result add_extensions(X509_REQ *csr, const struct rig_attack_recipe *recipe,
                                 const struct rig_attack_names *names, struct rig_error *err)
{
    RIG_AUTO(free_extensions) STACK_OF(X509_EXTENSION) *stack = sk_X509_EXTENSION_new_null();

    if (stack == NULL) {
        return rig_fail_memory(err);
    }
    for (size_t i = 0; i < RIG_ATTACK_MAX_EXTENSIONS && recipe->extensions[i].name != NULL; i++) {
        RIG_TRY(push_extension(stack, &recipe->extensions[i], names, err));
    }
    if (sk_X509_EXTENSION_num(stack) > 0 && X509_REQ_add_extensions(csr, stack) != 1) {
        return rig_pki_fail_library(err, "add extensions to a CSR");
    }
    return RIG_DONE;
}

static rig_result add_ballast(X509_REQ *csr, size_t n_bytes, struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf ballast = {0};

    if (n_bytes == 0) {
        return RIG_DONE;
    }
    RIG_TRY(rig_buf_reserve(&ballast, n_bytes, err));
    memset(ballast.data, 'b', n_bytes);
    if (X509_REQ_add1_attr_by_NID(csr, NID_pkcs9_unstructuredName, V_ASN1_UTF8STRING, ballast.data,
                                  (int)n_bytes) != 1) {
        return rig_pki_fail_library(err, "add an attribute to a CSR");
    }
    return RIG_DONE;
}

/* Keys and signatures ------------------------------------------------------------------------- */

static rig_result append_der(X509_REQ *csr, struct rig_buf *der, struct rig_error *err)
{
    uint8_t *bytes = NULL;
    const int len = i2d_X509_REQ(csr, &bytes);
    rig_result result;

    if (len <= 0) {
        return rig_pki_fail_library(err, "encode a CSR");
    }
    result = rig_buf_append(der, bytes, (size_t)len, err);
    OPENSSL_free(bytes);
    return result;
}

static rig_result try_csr(const struct rig_attack_recipe *recipe,
                          const struct rig_attack_names *names, const struct rig_weak_key *key,
                          struct rig_attack_request *out, bool *again, struct rig_error *err)
{
    RIG_AUTO(rig_auto_X509_REQ) X509_REQ *csr = X509_REQ_new();

    rig_pki_begin();
    if (csr == NULL) {
        return rig_fail_memory(err);
    }
    if (X509_REQ_set_version(csr, X509_REQ_VERSION_1) != 1 ||
        X509_REQ_set_pubkey(csr, key->key) != 1) {
        return rig_pki_fail_library(err, "begin a CSR");
    }
    RIG_TRY(set_subject(csr, recipe, names, err));
    RIG_TRY(add_extensions(csr, recipe, names, err));
    RIG_TRY(add_ballast(csr, recipe->ballast_bytes, err));
    RIG_TRY(rig_weak_key_sign(key, recipe->digest, csr, again, err));
    if (*again) {
        return RIG_DONE;
    }
    RIG_TRY(rig_pki_spki_sha256(X509_REQ_get_X509_PUBKEY(csr), out->spki_sha256, err));
    out->sender = names->device;
    return append_der(csr, &out->der, err);
}

static rig_result make_csr(struct rig_attack_forge *forge, const struct rig_attack_recipe *recipe,
                           const struct rig_attack_names *names, struct rig_attack_request *out,
                           struct rig_error *err)
{
    bool again = true;

    if (recipe->key == RIG_ATTACK_KEY_BASE) {
        return try_csr(recipe, names, &forge->base, out, &again, err);
    }
    while (again) {
        RIG_AUTO(rig_weak_key_free) struct rig_weak_key key = {0};

        RIG_TRY(rig_weak_key_make(recipe->key, NULL, &key, err));
        RIG_TRY(try_csr(recipe, names, &key, out, &again, err));
    }
    return RIG_DONE;
}

/* Forms --------------------------------------------------------------------------------------- */

static rig_result append_pem(const char *label, const uint8_t *bytes, size_t n_bytes,
                             struct rig_buf *out, struct rig_error *err)
{
    RIG_AUTO(rig_auto_BIO) BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    long len;

    if (bio == NULL || PEM_write_bio(bio, label, "", bytes, (long)n_bytes) <= 0 ||
        (len = BIO_get_mem_data(bio, &text)) <= 0) {
        return rig_pki_fail_library(err, "write PEM");
    }
    return rig_buf_append(out, text, (size_t)len, err);
}

static rig_result tamper(const struct rig_attack_names *names, struct rig_attack_request *request,
                         struct rig_error *err)
{
    const size_t len = strlen(names->device);
    uint8_t *at = memmem(request->der.data, request->der.len, names->device, len);

    if (at == NULL || strlen(names->other) != len) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID,
                        "cannot tamper with a CSR: the names '%.40s' and '%.40s' differ in length",
                        names->device, names->other);
    }
    memcpy(at, names->other, len);
    return RIG_DONE;
}

static rig_result append_second(struct rig_attack_forge *forge, struct rig_attack_request *request,
                                struct rig_error *err)
{
    static const struct rig_attack_recipe server = {.subject = {{"CN", "{server}"}}};
    RIG_AUTO(rig_attack_request_free) struct rig_attack_request second = {0};

    RIG_TRY(make_csr(forge, &server, &forge->names, &second, err));
    return append_pem(PEM_STRING_X509_REQ, second.der.data, second.der.len, &request->bytes, err);
}

static rig_result wrap_up(struct rig_attack_forge *forge, enum rig_attack_form form,
                          struct rig_attack_request *request, struct rig_error *err)
{
    static const uint8_t trailing[] = {0x04, 0x08, 't', 'r', 'a', 'i', 'l', 'i', 'n', 'g'};
    static const char text[] = "and some text behind the block\n";
    const char *label = PEM_STRING_X509_REQ;

    if (form == RIG_ATTACK_DER) {
        return rig_buf_append(&request->bytes, request->der.data, request->der.len, err);
    }
    if (form == RIG_ATTACK_BROKEN_SIGNATURE) {
        request->der.data[request->der.len - 1] ^= 1;
    } else if (form == RIG_ATTACK_TAMPERED) {
        RIG_TRY(tamper(&forge->names, request, err));
    } else if (form == RIG_ATTACK_TRAILING_DER) {
        RIG_TRY(rig_buf_append(&request->der, trailing, sizeof trailing, err));
    } else if (form == RIG_ATTACK_NOT_A_CSR) {
        rig_buf_reset(&request->der);
        RIG_TRY(rig_buf_append(&request->der, text, sizeof text - 1, err));
    } else if (form == RIG_ATTACK_WRONG_LABEL) {
        label = PEM_STRING_X509;
    }
    RIG_TRY(append_pem(label, request->der.data, request->der.len, &request->bytes, err));
    if (form == RIG_ATTACK_TWO_BLOCKS) {
        return append_second(forge, request, err);
    }
    return form == RIG_ATTACK_TRAILING_TEXT
               ? rig_buf_append(&request->bytes, text, sizeof text - 1, err)
               : RIG_DONE;
}

/* Preludes ------------------------------------------------------------------------------------ */

static rig_result copy_request(const struct rig_attack_request *from, const char *sender,
                               struct rig_attack_request *to, struct rig_error *err)
{
    RIG_TRY(rig_buf_append(&to->der, from->der.data, from->der.len, err));
    RIG_TRY(rig_buf_append(&to->bytes, from->bytes.data, from->bytes.len, err));
    memcpy(to->spki_sha256, from->spki_sha256, RIG_SHA256_SIZE);
    to->sender = sender;
    return RIG_DONE;
}

static rig_result forge_pair(struct rig_attack_forge *forge, const struct rig_attack_recipe *recipe,
                             const struct rig_weak_key *first, const struct rig_weak_key *second,
                             struct rig_attack_request *prelude, struct rig_attack_request *request,
                             struct rig_error *err)
{
    const bool own = recipe->prelude == RIG_ATTACK_TWICE;
    struct rig_attack_names others = forge->names;
    bool again = false;

    others.device = forge->names.other;
    others.other = forge->names.device;
    RIG_TRY(try_csr(recipe, own ? &forge->names : &others, first, prelude, &again, err));
    RIG_TRY(wrap_up(forge, RIG_ATTACK_PEM, prelude, err));
    if (own || recipe->prelude == RIG_ATTACK_REPLAY) {
        return copy_request(prelude, forge->names.device, request, err);
    }
    RIG_TRY(try_csr(recipe, &forge->names, second, request, &again, err));
    return wrap_up(forge, RIG_ATTACK_PEM, request, err);
}

static rig_result build_pair(struct rig_attack_forge *forge, const struct rig_attack_recipe *recipe,
                             struct rig_attack_request *prelude, struct rig_attack_request *request,
                             struct rig_error *err)
{
    const bool twins = recipe->prelude == RIG_ATTACK_PRIME_TWIN;
    RIG_AUTO(rig_weak_key_free) struct rig_weak_key first = {0};
    RIG_AUTO(rig_weak_key_free) struct rig_weak_key second = {0};

    RIG_TRY(rig_weak_key_make(twins ? RIG_ATTACK_KEY_RSA_SHARED_PRIME : forge->base_kind, NULL,
                              &first, err));
    if (twins) {
        RIG_TRY(rig_weak_key_make(RIG_ATTACK_KEY_RSA_SHARED_PRIME, &first, &second, err));
    }
    return forge_pair(forge, recipe, &first, twins ? &second : &first, prelude, request, err);
}

/* The door ------------------------------------------------------------------------------------ */

void rig_attack_request_free(struct rig_attack_request *request)
{
    rig_buf_free(&request->bytes);
    rig_buf_free(&request->der);
}

rig_result rig_attack_build(struct rig_attack_forge *forge, const struct rig_attack *attack,
                            struct rig_attack_request *prelude, struct rig_attack_request *request,
                            struct rig_error *err)
{
    struct rig_attack_recipe recipe = attack->recipe;

    *prelude = (struct rig_attack_request){0};
    *request = (struct rig_attack_request){0};
    if (recipe.prelude != RIG_ATTACK_ALONE) {
        RIG_TRY_IN(build_pair(forge, &recipe, prelude, request, err), err, "attack %s",
                   attack->name);
        return RIG_DONE;
    }
    if (recipe.key == RIG_ATTACK_KEY_FRESH) {
        recipe.key = forge->base_kind;
    }
    RIG_TRY_IN(make_csr(forge, &recipe, &forge->names, request, err), err, "attack %s",
               attack->name);
    RIG_TRY_IN(wrap_up(forge, recipe.form, request, err), err, "attack %s", attack->name);
    return RIG_DONE;
}

static rig_result kind_of(enum rig_key_type type, enum rig_attack_key *kind, struct rig_error *err)
{
    switch (type) {
    case RIG_KEY_RSA_2048:
        *kind = RIG_ATTACK_KEY_RSA_2048;
        return RIG_DONE;
    case RIG_KEY_RSA_3072:
        *kind = RIG_ATTACK_KEY_RSA_3072;
        return RIG_DONE;
    case RIG_KEY_P256:
        *kind = RIG_ATTACK_KEY_P256;
        return RIG_DONE;
    case RIG_KEY_P384:
        *kind = RIG_ATTACK_KEY_P384;
        return RIG_DONE;
    case RIG_KEY_P521:
        *kind = RIG_ATTACK_KEY_P521;
        return RIG_DONE;
    case RIG_KEY_NONE:
        break;
    }
    return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID, "no key type to forge CSRs with");
}

rig_result rig_attack_good_csr(struct rig_attack_forge *forge, enum rig_key_type type,
                               struct rig_attack_request *request, struct rig_error *err)
{
    struct rig_attack_recipe recipe = {0};

    *request = (struct rig_attack_request){0};
    RIG_TRY(kind_of(type, &recipe.key, err));
    RIG_TRY(make_csr(forge, &recipe, &forge->names, request, err));
    return wrap_up(forge, RIG_ATTACK_PEM, request, err);
}

rig_result rig_attack_forge_open(const struct rig_attack_names *names, enum rig_key_type base,
                                 struct rig_attack_forge **out, struct rig_error *err)
{
    struct rig_attack_forge *made = calloc(1, sizeof *made);
    rig_result result;

    if (made == NULL) {
        return rig_fail_memory(err);
    }
    made->names = *names;
    result = kind_of(base, &made->base_kind, err);
    if (result.ok) {
        result = rig_weak_key_make(made->base_kind, NULL, &made->base, err);
    }
    if (!result.ok) {
        rig_attack_forge_close(made);
        return result;
    }
    *out = made;
    return RIG_DONE;
}

void rig_attack_forge_close(struct rig_attack_forge *forge)
{
    if (forge != NULL) {
        rig_weak_key_free(&forge->base);
        free(forge);
    }
}
