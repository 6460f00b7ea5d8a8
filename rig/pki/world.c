/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/base/file.h"
#include "rig/ca/issue.h"
#include "rig/ca/key.h"
#include "rig/pki/internal.h"

#include <stdio.h>
#include <string.h>

/* A ring of signers, which files can't hold but a program can. */
enum { MAX_DEPTH = 40, SERIAL_BYTES = 16 };

static void free_made(struct rig_pki_made *made)
{
    if (made != NULL) {
        rig_buf_free(&made->der);
        X509_free(made->certificate);
        EVP_PKEY_free(made->key);
        free(made);
    }
}

static void auto_made(struct rig_pki_made **slot)
{
    free_made(*slot);
    *slot = NULL;
}

rig_result rig_pki_world_open(const struct rig_fixtures *fixtures, int64_t now_ms,
                              struct rig_pki_world **world, struct rig_error *err)
{
    RIG_AUTO(rig_auto_pki_world) struct rig_pki_world *made = calloc(1, sizeof *made);

    *world = NULL;
    rig_pki_begin();
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    if (pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        made = NULL;
        return rig_fail_memory(err);
    }
    made->fixtures = fixtures;
    made->now_ms = now_ms;
    RIG_TRY(rig_issue_random(made->seed, sizeof made->seed, err));
    *world = made;
    made = NULL;
    return RIG_DONE;
}

void rig_pki_world_close(struct rig_pki_world *world)
{
    if (world == NULL) {
        return;
    }
    for (size_t i = 0; i < world->n_made; i++) {
        free_made(world->made[i]);
    }
    free(world->made);
    rig_pki_crls_free(world->crls);
    (void)pthread_mutex_destroy(&world->lock);
    free(world);
}

int64_t rig_pki_time_ms(const struct rig_pki_world *world, struct rig_pki_time time,
                        int64_t usual_ms)
{
    switch (time.form) {
    case RIG_PKI_TIME_RELATIVE:
        return world->now_ms + time.ms;
    case RIG_PKI_TIME_ABSOLUTE:
        return time.ms;
    case RIG_PKI_TIME_DEFAULT:
        break;
    }
    return world->now_ms + usual_ms;
}

rig_result rig_pki_fail_recipe(struct rig_error *err, const char *kind, const char *name)
{
    return rig_fail(err, RIG_CLASS_USAGE, RIG_E_NOT_FOUND,
                    "the fixtures have no %s '%.60s': write one, or use one that they have "
                    "(fixtures/README.md)",
                    kind, name);
}

rig_result rig_pki_serial(const struct rig_pki_world *world, const struct rig_pki_recipe *recipe,
                          char serial[RIG_PKI_SERIAL_SIZE], struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf input = {0};
    uint8_t digest[RIG_SHA256_SIZE];

    if (recipe->serial[0] != '\0') {
        (void)rig_copy_text(serial, RIG_PKI_SERIAL_SIZE, recipe->serial);
        return RIG_DONE;
    }
    RIG_TRY(rig_buf_append(&input, world->seed, sizeof world->seed, err));
    RIG_TRY(rig_buf_printf(&input, err, "%s %s", rig_pki_kind_name(recipe->kind), recipe->name));
    RIG_TRY(rig_pki_sha256(input.data, input.len, digest, err));
    /* positive, and all of the same length */
    digest[0] = (uint8_t)((digest[0] & 0x7F) | 0x40);
    rig_hex(digest, SERIAL_BYTES, serial);
    return RIG_DONE;
}

static rig_result identify(const struct rig_pki_recipe *recipe, const struct rig_pki_made *signer,
                           const struct rig_pki_subject *subject, uint8_t id[RIG_SHA256_SIZE],
                           struct rig_error *err)
{
    RIG_AUTO(rig_buf_free) struct rig_buf input = {0};
    uint8_t *spki = NULL;
    EVP_PKEY *key = subject->shared != NULL ? subject->shared : subject->key;
    int len;
    rig_result result;

    RIG_TRY(rig_buf_append(&input, recipe, sizeof *recipe, err));
    if (signer != NULL) {
        RIG_TRY(rig_buf_append(&input, signer->id, sizeof signer->id, err));
    }
    RIG_TRY(rig_buf_append(&input, subject->name, strlen(subject->name) + 1, err));
    if (key != NULL) {
        len = i2d_PUBKEY(key, &spki);
        if (len <= 0) {
            return rig_pki_fail_library(err, "encode a public key");
        }
        result = rig_buf_append(&input, spki, (size_t)len, err);
        OPENSSL_free(spki);
        RIG_TRY(result);
    }
    return rig_pki_sha256(input.data, input.len, id, err);
}

static rig_result keep(struct rig_pki_world *world, struct rig_pki_made *made,
                       struct rig_error *err)
{
    if (world->n_made == world->cap_made) {
        const size_t cap = world->cap_made == 0 ? 64 : 2 * world->cap_made;
        struct rig_pki_made **larger =
            reallocarray(world->made, cap, sizeof(struct rig_pki_made *));

        if (larger == NULL) {
            return rig_fail_memory(err);
        }
        world->made = larger;
        world->cap_made = cap;
    }
    world->made[world->n_made++] = made;
    return RIG_DONE;
}

static const char *signer_name(const struct rig_pki_recipe *recipe)
{
    if (recipe->self_signed) {
        return NULL;
    }
    return recipe->signer[0] != '\0' ? recipe->signer : "issuing";
}

/* The key of an identity that was made before for another name: an RSA key of 4096 bits takes
 * seconds, and a shelf of boards asks for the same one under as many names. NULL: none. */
static EVP_PKEY *known_key(const struct rig_pki_world *world, const struct rig_pki_recipe *recipe,
                           const struct rig_pki_subject *subject)
{
    for (size_t i = 0; i < world->n_made && subject->key == NULL && !recipe->foreign_key; i++) {
        if (world->made[i]->recipe == recipe && world->made[i]->key != NULL) {
            return world->made[i]->key;
        }
    }
    return NULL;
}

static rig_result make_certificate(struct rig_pki_world *world, const struct rig_pki_recipe *recipe,
                                   const struct rig_pki_subject *subject, int depth,
                                   const struct rig_pki_made **out, struct rig_error *err)
{
    const struct rig_pki_made *signer = NULL;
    RIG_AUTO(auto_made) struct rig_pki_made *made = NULL;
    const char *by = signer_name(recipe);
    struct rig_pki_subject shared = *subject;
    uint8_t id[RIG_SHA256_SIZE];

    if (depth > MAX_DEPTH) {
        return rig_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                        "authority '%s' is its own signer's signer: name a root", recipe->name);
    }
    if (by != NULL) {
        const struct rig_pki_recipe *above =
            rig_fixtures_find(world->fixtures, RIG_PKI_AUTHORITY, by);
        const struct rig_pki_subject itself = {.name = by};

        if (above == NULL) {
            return rig_pki_fail_recipe(err, "authority", by);
        }
        RIG_TRY(make_certificate(world, above, &itself, depth + 1, &signer, err));
    }
    if (recipe->key_of[0] != '\0') {
        const struct rig_pki_recipe *holder =
            rig_fixtures_find(world->fixtures, RIG_PKI_AUTHORITY, recipe->key_of);
        const struct rig_pki_subject itself = {.name = recipe->key_of};
        const struct rig_pki_made *other = NULL;

        if (holder == NULL) {
            return rig_pki_fail_recipe(err, "authority", recipe->key_of);
        }
        RIG_TRY(make_certificate(world, holder, &itself, depth + 1, &other, err));
        shared.shared = other->key;
    }
    RIG_TRY(identify(recipe, signer, &shared, id, err));
    for (size_t i = 0; i < world->n_made; i++) {
        if (memcmp(world->made[i]->id, id, sizeof id) == 0) {
            *out = world->made[i];
            return RIG_DONE;
        }
    }
    if (shared.shared == NULL) {
        shared.shared = known_key(world, recipe, subject);
    }
    made = calloc(1, sizeof *made);
    if (made == NULL) {
        return rig_fail_memory(err);
    }
    memcpy(made->id, id, sizeof id);
    made->recipe = recipe;
    RIG_TRY_IN(rig_pki_make(world, recipe, signer, &shared, made, err), err, "fixture %s '%s'",
               rig_pki_kind_name(recipe->kind), recipe->name);
    RIG_TRY(keep(world, made, err));
    *out = made;
    made = NULL;
    return RIG_DONE;
}

rig_result rig_pki_authority(struct rig_pki_world *world, const char *name,
                             const struct rig_pki_made **made, struct rig_error *err)
{
    const struct rig_pki_recipe *recipe =
        rig_fixtures_find(world->fixtures, RIG_PKI_AUTHORITY, name);
    const struct rig_pki_subject itself = {.name = name};

    *made = NULL;
    if (recipe == NULL) {
        return rig_pki_fail_recipe(err, "authority", name);
    }
    return make_certificate(world, recipe, &itself, 0, made, err);
}

static rig_result append_authority(struct rig_pki_world *world, const char *name,
                                   struct rig_buf *pem, struct rig_error *err)
{
    const struct rig_pki_made *made = NULL;

    RIG_TRY(rig_pki_authority(world, name, &made, err));
    return rig_pki_certificate_pem(made->certificate, pem, err);
}

static rig_result append_usual_chain(struct rig_pki_world *world,
                                     const struct rig_pki_recipe *recipe,
                                     struct rig_pki_identity *identity, struct rig_error *err)
{
    const char *name = signer_name(recipe);

    while (name != NULL) {
        const struct rig_pki_recipe *above =
            rig_fixtures_find(world->fixtures, RIG_PKI_AUTHORITY, name);

        if (above == NULL) {
            return rig_pki_fail_recipe(err, "authority", name);
        }
        if (!above->self_signed) {
            RIG_TRY(append_authority(world, name, &identity->chain_pem, err));
            identity->n_chain++;
        }
        name = signer_name(above);
    }
    return RIG_DONE;
}

static rig_result append_chain(struct rig_pki_world *world, const struct rig_pki_made *leaf,
                               struct rig_pki_identity *identity, struct rig_error *err)
{
    const struct rig_pki_recipe *recipe = leaf->recipe;

    RIG_TRY(rig_pki_certificate_pem(leaf->certificate, &identity->chain_pem, err));
    identity->n_chain = 1;
    if (recipe->chain_choice == RIG_PKI_AS_USUAL) {
        return append_usual_chain(world, recipe, identity, err);
    }
    for (size_t i = 0; recipe->chain_choice == RIG_PKI_GIVEN && i < recipe->n_chain; i++) {
        if (strcmp(recipe->chain[i], "leaf") == 0) {
            RIG_TRY(rig_pki_certificate_pem(leaf->certificate, &identity->chain_pem, err));
        } else {
            RIG_TRY(append_authority(world, recipe->chain[i], &identity->chain_pem, err));
        }
        identity->n_chain++;
    }
    return RIG_DONE;
}

static rig_result append_trust(struct rig_pki_world *world, const struct rig_pki_recipe *recipe,
                               struct rig_buf *pem, struct rig_error *err)
{
    const struct rig_fixtures *fixtures = world->fixtures;

    for (size_t i = 0; i < recipe->n_trust; i++) {
        RIG_TRY(append_authority(world, recipe->trust[i], pem, err));
    }
    for (size_t i = 0; recipe->n_trust == 0 && i < fixtures->n_recipes[RIG_PKI_AUTHORITY]; i++) {
        const struct rig_pki_recipe *one = &fixtures->recipes[RIG_PKI_AUTHORITY][i];

        if (one->trusted) {
            RIG_TRY(append_authority(world, one->name, pem, err));
        }
    }
    return RIG_DONE;
}

static rig_result key_of_request(const struct rig_pki_request *request, EVP_PKEY **key,
                                 struct rig_error *err)
{
    const uint8_t *at;

    rig_pki_begin();
    *key = NULL;
    if (request->csr_der != NULL) {
        at = request->csr_der;
        RIG_AUTO(rig_auto_X509_REQ)
        X509_REQ *csr = d2i_X509_REQ(NULL, &at, (long)request->csr_len);
        *key = csr != NULL ? X509_REQ_get_pubkey(csr) : NULL;
    } else if (request->spki_der != NULL) {
        at = request->spki_der;
        *key = d2i_PUBKEY(NULL, &at, (long)request->spki_len);
    } else {
        return RIG_DONE;
    }
    return *key != NULL
               ? RIG_DONE
               : rig_pki_fail(err, RIG_CLASS_USAGE, RIG_E_INVALID,
                              "the %s for fixture '%s' can't be decoded",
                              request->csr_der != NULL ? "CSR" : "public key", request->name);
}

static rig_result describe(const struct rig_pki_recipe *recipe, const struct rig_pki_made *leaf,
                           const char *name, struct rig_pki_identity *identity,
                           struct rig_error *err)
{
    const char *by = signer_name(recipe);

    RIG_TRY(rig_buf_append(&identity->leaf_der, leaf->der.data, leaf->der.len, err));
    RIG_TRY(rig_pki_sha256(leaf->der.data, leaf->der.len, identity->leaf_sha256, err));
    rig_pki_serial_text(X509_get0_serialNumber(leaf->certificate), identity->serial,
                        sizeof identity->serial);
    (void)rig_copy_text(identity->issuer, sizeof identity->issuer, by != NULL ? by : "");
    if (recipe->kind == RIG_PKI_SERVER && recipe->expected_name_choice != RIG_PKI_NONE) {
        RIG_TRY(rig_pki_expand(recipe->expected_name_choice == RIG_PKI_GIVEN ? recipe->expected_name
                                                                             : "{name}",
                               name, identity->expected_name, err));
    }
    identity->key_pem.secret = true;
    return leaf->key != NULL ? rig_key_write(leaf->key, NULL, &identity->key_pem, err) : RIG_DONE;
}

rig_result rig_pki_identity(struct rig_pki_world *world, const struct rig_pki_request *request,
                            struct rig_pki_identity *identity, struct rig_error *err)
{
    const struct rig_pki_recipe *recipe =
        rig_fixtures_find(world->fixtures, request->kind, request->name);
    RIG_AUTO(rig_pki_identity_free) struct rig_pki_identity made = {0};
    RIG_AUTO(rig_auto_EVP_PKEY) EVP_PKEY *key = NULL;
    const struct rig_pki_made *leaf = NULL;
    struct rig_pki_subject subject = {0};

    if (recipe == NULL) {
        return rig_pki_fail_recipe(err, rig_pki_kind_name(request->kind), request->name);
    }
    RIG_TRY(key_of_request(request, &key, err));
    /* an authority has one certificate, however it is asked for */
    subject.key = request->kind == RIG_PKI_AUTHORITY ? NULL : key;
    subject.name = request->kind == RIG_PKI_AUTHORITY ? recipe->name
                   : request->common_name != NULL     ? request->common_name
                                                      : "";
    RIG_PKI_HOLD(world);
    RIG_TRY(make_certificate(world, recipe, &subject, 0, &leaf, err));
    RIG_TRY(append_chain(world, leaf, &made, err));
    RIG_TRY(append_trust(world, recipe, &made.roots_pem, err));
    RIG_TRY(describe(recipe, leaf, subject.name, &made, err));
    *identity = made;
    made = (struct rig_pki_identity){0};
    return RIG_DONE;
}

void rig_pki_identity_free(struct rig_pki_identity *identity)
{
    rig_buf_free(&identity->chain_pem);
    rig_buf_free(&identity->leaf_der);
    rig_buf_free(&identity->key_pem);
    rig_buf_free(&identity->roots_pem);
}

static rig_result write_pem(const char *folder, const char *prefix, const char *what,
                            const struct rig_buf *pem, struct rig_error *err)
{
    RIG_AUTO(rig_free_chars) char *path = NULL;
    char name[RIG_PKI_VALUE_SIZE];

    if (snprintf(name, sizeof name, "%s-%s.pem", prefix, what) >= (int)sizeof name) {
        return rig_fail(err, RIG_CLASS_RIG, RIG_E_INVALID, "'%.80s...' is too long for a file name",
                        prefix);
    }
    RIG_TRY(rig_path_join(folder, name, &path, err));
    return rig_file_replace(path, rig_buf_text(pem), pem->len, 0644, err);
}

rig_result rig_pki_identity_write(const struct rig_pki_identity *identity, const char *folder,
                                  const char *prefix, struct rig_error *err)
{
    RIG_TRY(write_pem(folder, prefix, "chain", &identity->chain_pem, err));
    return write_pem(folder, prefix, "trust", &identity->roots_pem, err);
}
