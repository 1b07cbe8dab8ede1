package io.pgweir.proxy.backend;

import io.netty.buffer.ByteBuf;
import io.pgweir.protocol.auth.ScramClient;
import io.pgweir.protocol.auth.ScramKeys;
import io.pgweir.protocol.wire.Authentication;
import io.pgweir.protocol.wire.FrontendWriter;
import io.pgweir.proxy.settings.ChannelBinding;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.StoredPassword;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * How pgweir proves to one server who it is, and the server that it knows the password ("Start-up", "SASL Authentication"). It is
 * asked once. On the home loop.
 */
final class BackendProof {
    private final BackendLogin login;
    private final HostPort host;
    private final BackendTarget target;
    private final Executor offload;
    private @Nullable ScramClient scram;
    private boolean asked;

    /** @param offload derives keys */
    BackendProof(BackendLogin login, BackendTarget target, Executor offload) {
        this.login = login;
        this.host = login.host();
        this.target = target;
        this.offload = offload;
    }

    /** The server lets the login in: fails it if that is too early. */
    void accepted() {
        if (scram != null && !scram.isVerified()) {
            login.fail(BackendFailure.unreachable(host + " did not prove that it knows the password (SCRAM)"));
        }
        if (mustBeBound() && (scram == null || !scram.isBound())) {
            login.fail(
                    BackendFailure.unprotected(host + " takes the login without channel binding, and channel_binding is"
                            + " require: use a password stored as scram-sha-256, or channel_binding=prefer"));
        }
    }

    /** To anything but that. */
    void answer(Authentication request) {
        if (request instanceof Authentication.SaslContinue challenge) {
            proveScram(challenge.data());
        } else if (request instanceof Authentication.SaslFinal proof) {
            if (scram == null) {
                login.fail(BackendFailure.unreachable(host + " ended a SCRAM exchange that had not begun"));
            } else {
                scram.verify(proof.data());
            }
        } else if (request instanceof Authentication.Unsupported unsupported) {
            refuse("asks for an authentication method that pgweir does not know (code " + unsupported.code() + ")");
        } else if (asked) {
            login.fail(BackendFailure.unreachable(host + " asks for the password again in the same login"));
        } else {
            asked = true;
            begin(request);
        }
    }

    private void begin(Authentication request) {
        String lacking = target.credentials().lacking(target.user());
        if (lacking != null) {
            refuse(lacking);
        } else if (mustBeBound() && !(request instanceof Authentication.Sasl)) {
            login.fail(BackendFailure.unprotected(host + " " + SaslChoice.unbound(login.tls() == null, false)));
        } else if (request instanceof Authentication.Sasl sasl) {
            beginScram(sasl);
        } else {
            sendPassword(request);
        }
    }

    private boolean mustBeBound() {
        return target.tls().channelBinding() == ChannelBinding.REQUIRE;
    }

    /** Or a hash of it. */
    private void sendPassword(Authentication request) {
        BackendCredentials credentials = target.credentials();
        boolean hashed = request instanceof Authentication.Md5Password;
        String answer = request instanceof Authentication.Md5Password md5
                ? credentials.md5(target.user(), md5.salt())
                : credentials.cleartext();
        if (answer == null) {
            refuse(credentials.unfit(
                    target.user(),
                    hashed ? "a proof by MD5" : "the password itself",
                    "let the server's pg_hba.conf ask by scram-sha-256, or give pgweir the password"));
            return;
        }
        ByteBuf out = login.buffer(128);
        FrontendWriter.password(out, answer);
        login.send(out);
    }

    private void beginScram(Authentication.Sasl offer) {
        if (target.credentials().stored() instanceof StoredPassword.Md5) {
            refuse(target.credentials()
                    .unfit(target.user(), "a proof by SCRAM", "give pgweir the SCRAM verifier or the password"));
            return;
        }
        SaslChoice choice = SaslChoice.of(offer.mechanisms(), target.tls().channelBinding(), login.tls());
        ScramClient client = choice.client();
        if (client == null) {
            if (mustBeBound()) {
                login.fail(BackendFailure.unprotected(host + " " + choice.problem()));
            } else {
                refuse(String.valueOf(choice.problem()));
            }
            return;
        }
        scram = client;
        ByteBuf out = login.buffer(128);
        FrontendWriter.saslInitialResponse(out, client.mechanism(), client.first());
        login.send(out);
    }

    private void proveScram(byte[] serverFirst) {
        ScramClient client = scram;
        if (client == null) {
            login.fail(BackendFailure.unreachable(host + " continued a SCRAM exchange that had not begun"));
            return;
        }
        BackendCredentials credentials = target.credentials();
        ScramClient.Challenge challenge = client.challenge(serverFirst);
        ScramKeys known = credentials.keysFor(challenge.salt(), challenge.iterations());
        if (known != null) {
            sendProof(client, known);
        } else if (credentials.stored() instanceof StoredPassword.Plain plain) {
            derive(client, plain, challenge);
        } else {
            refuse(credentials.other(target.user(), challenge.salt(), challenge.iterations()));
        }
    }

    private void derive(ScramClient client, StoredPassword.Plain plain, ScramClient.Challenge challenge) {
        offload.execute(() -> {
            ScramKeys keys = ScramKeys.derive(
                    plain.password().reveal(), challenge.salt(), challenge.iterations(), login::isOver);
            if (keys == null) {
                return;
            }
            target.credentials().remember(plain, challenge.salt(), challenge.iterations(), keys);
            login.home().loop().execute(() -> {
                if (!login.isOver()) {
                    sendProof(client, keys);
                }
            });
        });
    }

    private void sendProof(ScramClient client, ScramKeys keys) {
        ByteBuf out = login.buffer(256);
        FrontendWriter.saslResponse(out, client.last(keys));
        login.send(out);
    }

    private void refuse(String why) {
        login.fail(new BackendFailure(BackendFailure.Kind.REFUSED, "28000", host + " " + why));
    }
}
