/* SPDX-License-Identifier: Apache-2.0 */
#include "rig/tests/tls/enrolment_pki.h"

#include <openssl/x509v3.h>

#include <stdio.h>
#include <string.h>

#define SKEW_S (-3600L)

static void make_ca(struct pki_ca *ca, const char *name, const struct pki_ca *issuer, EVP_PKEY *key)
{
    ca->key = key;
    ca->certificate = pki_issue(&(struct pki_wish){.common_name = name,
                                                   .issuer = issuer,
                                                   .key = key,
                                                   .is_ca = true,
                                                   .starts_in_s = SKEW_S,
                                                   .ends_in_s = 3650 * PKI_DAY_S});
    pki_append_certificate(&ca->pem, ca->certificate);
}

static EVP_PKEY *same_key(EVP_PKEY *key)
{
    PKI_MUST(EVP_PKEY_up_ref(key) == 1);
    return key;
}

static X509 *keep(struct ep *ep, X509 *certificate)
{
    PKI_MUST(ep->n_made < sizeof ep->made / sizeof ep->made[0]);
    ep->made[ep->n_made++] = certificate;
    return certificate;
}

static void sign_again(X509 *certificate, const struct pki_ca *issuer)
{
    PKI_MUST(X509_sign(certificate, issuer->key, EVP_sha256()) > 0);
}

static X509 *issue(const struct pki_ca *issuer, EVP_PKEY *key)
{
    return pki_issue(&(struct pki_wish){.common_name = "x",
                                        .issuer = issuer,
                                        .key = key,
                                        .extended_usage = "clientAuth",
                                        .starts_in_s = SKEW_S,
                                        .ends_in_s = 365 * PKI_DAY_S});
}

static void add_name(X509_NAME *name, const char *cn, size_t n_cn)
{
    ASN1_STRING *text = ASN1_STRING_type_new(V_ASN1_UTF8STRING);
    X509_NAME_ENTRY *entry;

    /* set by hand: OpenSSL refuses what is longer than 64 characters */
    PKI_MUST(text != NULL && ASN1_STRING_set(text, cn, (int)n_cn) == 1);
    entry = X509_NAME_ENTRY_create_by_NID(NULL, NID_commonName, V_ASN1_UTF8STRING,
                                          (const unsigned char *)"x", 1);
    PKI_MUST(entry != NULL);
    PKI_MUST(ASN1_STRING_copy(X509_NAME_ENTRY_get_data(entry), text) == 1);
    PKI_MUST(X509_NAME_add_entry(name, entry, -1, 0) == 1);
    X509_NAME_ENTRY_free(entry);
    ASN1_STRING_free(text);
}

static void rename_to(X509 *certificate, const char *const *names, const size_t *lengths, size_t n)
{
    X509_NAME *name = X509_NAME_new();

    for (size_t i = 0; i < n; i++) {
        add_name(name, names[i], lengths[i]);
    }
    PKI_MUST(X509_set_subject_name(certificate, name) == 1);
    X509_NAME_free(name);
}

X509 *ep_device(struct ep *ep, const struct pki_ca *issuer, EVP_PKEY *key, const char *cn,
                size_t n_cn)
{
    X509 *certificate = issue(issuer, key);

    rename_to(certificate, &cn, &n_cn, cn != NULL ? 1 : 0);
    sign_again(certificate, issuer);
    return keep(ep, certificate);
}

X509 *ep_device_two_names(struct ep *ep, const struct pki_ca *issuer, EVP_PKEY *key,
                          const char *first, const char *second)
{
    X509 *certificate = issue(issuer, key);
    const char *const names[] = {first, second};
    const size_t lengths[] = {strlen(first), strlen(second)};

    rename_to(certificate, names, lengths, 2);
    sign_again(certificate, issuer);
    return keep(ep, certificate);
}

void ep_make(struct ep *ep)
{
    memset(ep, 0, sizeof *ep);
    make_ca(&ep->root, "Contoso Root", NULL, pki_key(0));
    make_ca(&ep->root2, "Other Root", NULL, pki_key(0));
    make_ca(&ep->a, "A", &ep->root, pki_key(0));
    make_ca(&ep->b, "B", &ep->root, pki_key(0));
    make_ca(&ep->lookalike_a, "A", &ep->root2, pki_key(0));
    make_ca(&ep->renewed_a, "A", &ep->root, pki_key(0));
    make_ca(&ep->rekeyed_a, "A", &ep->root, same_key(ep->a.key));
    make_ca(&ep->cross_a, "A", &ep->root2, same_key(ep->a.key));
    make_ca(&ep->factory, "Factory 7", &ep->root, pki_key(0));
    make_ca(&ep->line, "Line 3", &ep->factory, pki_key(0));
    for (size_t i = 0; i < EP_N_DEVICES; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "device-%zu", i + 1);
        ep->device_keys[i] = pki_key(0);
        ep->devices[i] =
            ep_device(ep, i < 3 ? &ep->a : &ep->b, ep->device_keys[i], name, strlen(name));
    }
    ep->ed25519_key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    PKI_MUST(ep->ed25519_key != NULL);
    ep->p224_key = pki_key(NID_secp224r1);
}

void ep_free(struct ep *ep)
{
    struct pki_ca *const cas[] = {&ep->root,        &ep->root2,     &ep->a,         &ep->b,
                                  &ep->lookalike_a, &ep->renewed_a, &ep->rekeyed_a, &ep->cross_a,
                                  &ep->factory,     &ep->line};

    for (size_t i = 0; i < sizeof cas / sizeof cas[0]; i++) {
        X509_free(cas[i]->certificate);
        EVP_PKEY_free(cas[i]->key);
        rig_buf_free(&cas[i]->pem);
    }
    for (size_t i = 0; i < ep->n_made; i++) {
        X509_free(ep->made[i]);
    }
    EVP_PKEY_free(ep->ed25519_key);
    EVP_PKEY_free(ep->p224_key);
    for (size_t i = 0; i < EP_N_DEVICES; i++) {
        EVP_PKEY_free(ep->device_keys[i]);
    }
}
