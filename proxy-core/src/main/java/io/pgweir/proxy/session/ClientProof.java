package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.pgweir.protocol.auth.ScramKeys;
import io.pgweir.protocol.auth.ScramServer;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.Limits;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.SaslInitialResponse;
import io.pgweir.protocol.wire.SqlState;
import io.pgweir.protocol.wire.StartupPacket;
import io.pgweir.proxy.auth.Admission;
import io.pgweir.proxy.auth.Expected;
import io.pgweir.proxy.auth.LookupFailed;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Network;
import io.pgweir.proxy.net.Offload;
import io.pgweir.proxy.settings.StoredPassword;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How one client proves who it is: what it is asked for, by the rules for its address, user and database, and whether its answers are
 * right. Before that no pool and no list of databases is looked at. On the client's loop.
 *
 * <pre>
 *   begin --SASL--> SCRAM_FIRST --> SCRAM_LAST --> proved
 *     |\---MD5, cleartext--> PASSWORD ------------^
 *      \---trust, certificate --------------------'
 * </pre>
 */
final class ClientProof {
    private enum Expecting {
        NOTHING,
        SCRAM_FIRST,
        SCRAM_LAST,
        MD5,
        CLEARTEXT
    }

    private static final Logger LOG = LoggerFactory.getLogger(ClientProof.class);
    private static final int MD5_SALT = 4;

    private final Sessions sessions;
    private final Channel channel;
    private final LoopContext loop;
    private final ClientEncryption encryption;
    private final StartupPacket.Startup startup;
    private final ClientLogin login;
    private final ClientRules rules;
    private Expecting expecting = Expecting.NOTHING;
    private @Nullable Expected expected;
    private @Nullable ScramServer scram;
    private byte[] salt = {};
    /** Of the rules that it has been admitted by. */
    private long number;

    ClientProof(
            Sessions sessions,
            Channel channel,
            LoopContext loop,
            ClientEncryption encryption,
            StartupPacket.Startup startup,
            ClientLogin login) {
        this.sessions = sessions;
        this.channel = channel;
        this.loop = loop;
        this.encryption = encryption;
        this.startup = startup;
        this.login = login;
        this.rules = new ClientRules(encryption, startup, address());
    }

    /** Asks for what the rules want, or refuses, or finds that nothing is wanted. */
    void begin() {
        Admission admission = admit();
        if (admission == null) {
            return;
        }
        if (admission.byPassword() && guessesTooMuch()) {
            return;
        }
        switch (admission.method()) {
            case SCRAM_SHA_256 -> lookUp(this::askForScram);
            case MD5 ->
                lookUp(known -> {
                    if (known.md5Hash() == null) {
                        askForScram(known);
                    } else {
                        askForMd5(known);
                    }
                });
            case PASSWORD -> askForPassword();
            default -> login.authenticated();
        }
    }

    /** By the rules of this moment; null: it has been refused. */
    private @Nullable Admission admit() {
        number = sessions.rulesNumber();
        Admission admission = rules.admission(sessions.config());
        ErrorFields refusal = rules.refusal(admission);
        if (refusal != null) {
            refuse(refusal);
            return null;
        }
        return admission;
    }

    /** Refuses who has sent too many wrong passwords; whoever waits with an answer may have lost the right to give it. */
    private boolean guessesTooMuch() {
        long nanos = sessions.failedLogins().nanosRefused(address(), startup.user());
        if (nanos > 0) {
            refuseGuesser(nanos);
        }
        return nanos > 0;
    }

    private void refuseGuesser(long nanos) {
        refuse(LoginError.TOO_MANY_FAILED_LOGINS.with(
                address().getHostAddress(),
                sessions.config().access().failedLogins(),
                Math.max(1, TimeUnit.NANOSECONDS.toSeconds(nanos)),
                startup.user()));
    }

    /** Longest length word of the message that is expected. */
    int longest() {
        return expecting == Expecting.CLEARTEXT ? Limits.PREAUTH_MESSAGE : Limits.SASL_MESSAGE;
    }

    // ---- what is asked for

    private void lookUp(Consumer<Expected> then) {
        CompletableFuture<Expected> asked = sessions.authenticator()
                .expected(startup.database(), startup.user(), Network.of(channel.remoteAddress()));
        if (!asked.isDone()) {
            asked.whenComplete((known, failure) -> loop.loop().execute(() -> found(known, failure, then)));
            return;
        }
        Expected known = null;
        Throwable failure = null;
        try {
            known = asked.join();
        } catch (CompletionException e) {
            failure = e;
        }
        found(known, failure, then);
    }

    private void found(@Nullable Expected known, @Nullable Throwable failure, Consumer<Expected> then) {
        if (login.isOver()) {
            return;
        }
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (known != null) {
            expected = known;
            then.accept(known);
        } else if (cause instanceof LookupFailed) {
            login.refuse(LoginError.LOOKUP_FAILED.with(startup.user(), cause.getMessage()));
        } else {
            LOG.error("client {}: internal error in its login", channel.remoteAddress(), cause);
            login.refuse(LoginError.PASSWORD_FAILED.with(startup.user()));
        }
    }

    private void askForScram(Expected known) {
        ByteBuf out = channel.alloc().buffer(64);
        BackendWriter.authenticationSasl(out, mechanisms());
        ask(out, Expecting.SCRAM_FIRST);
    }

    private List<String> mechanisms() {
        return encryption.binding() == null
                ? List.of(ScramServer.MECHANISM)
                : List.of(ScramServer.MECHANISM_PLUS, ScramServer.MECHANISM);
    }

    private void askForMd5(Expected known) {
        salt = new byte[MD5_SALT];
        new SecureRandom().nextBytes(salt);
        ByteBuf out = channel.alloc().buffer(16);
        BackendWriter.authenticationMd5Password(out, salt);
        ask(out, Expecting.MD5);
    }

    private void askForPassword() {
        ByteBuf out = channel.alloc().buffer(16);
        BackendWriter.authenticationCleartextPassword(out);
        ask(out, Expecting.CLEARTEXT);
    }

    private void ask(ByteBuf out, Expecting next) {
        expecting = next;
        channel.writeAndFlush(out, channel.voidPromise());
        login.awaitAnswer();
    }

    // ---- answers

    /**
     * Takes the body of a password message.
     *
     * @throws ProtocolViolation if it is malformed
     */
    void answer(ByteBuf body) {
        Expecting now = expecting;
        expecting = Expecting.NOTHING;
        switch (now) {
            case SCRAM_FIRST -> scramFirst(SaslInitialResponse.decode(body));
            case SCRAM_LAST -> scramLast(bytes(body));
            case MD5 -> md5(text(body));
            case CLEARTEXT -> password(new String(text(body), StandardCharsets.UTF_8));
            case NOTHING -> throw violation("unexpected password message");
        }
    }

    private static byte[] bytes(ByteBuf body) {
        byte[] bytes = new byte[body.readableBytes()];
        body.readBytes(bytes);
        return bytes;
    }

    /** A string with its zero byte, and nothing behind it. */
    private static byte[] text(ByteBuf body) {
        int length = body.bytesBefore((byte) 0);
        if (length < 0 || length != body.readableBytes() - 1) {
            throw violation("invalid password packet size");
        }
        byte[] text = new byte[length];
        body.readBytes(text);
        return text;
    }

    private void scramFirst(SaslInitialResponse initial) {
        byte[] data = initial.data();
        if (!mechanisms().contains(initial.mechanism()) || data == null) {
            throw violation("client selected an invalid SASL mechanism");
        }
        ScramServer server = new ScramServer(known().scram(), initial.mechanism(), encryption.binding());
        ByteBuf out = channel.alloc().buffer(128);
        try {
            BackendWriter.authenticationSaslContinue(out, server.first(data));
        } catch (ProtocolViolation e) {
            out.release();
            throw e;
        }
        scram = server;
        ask(out, Expecting.SCRAM_LAST);
    }

    private void scramLast(byte[] response) {
        ScramServer server = scram;
        scram = null;
        if (server == null) {
            throw violation("unexpected SASL response");
        }
        if (guessesTooMuch()) {
            return;
        }
        byte[] proof;
        try {
            proof = server.last(response);
        } catch (ProtocolViolation e) {
            if (e.state() != SqlState.INVALID_PASSWORD) {
                throw e;
            }
            wrong(failed());
            return;
        }
        if (known().stored() == null) {
            wrong(failed()); // whoever does not exist here cannot be right, whatever has been computed
            return;
        }
        right(server.proved(), proof);
    }

    private void md5(byte[] answer) {
        if (guessesTooMuch()) {
            return;
        }
        if (known().isRight(answer, salt)) {
            right(null, null);
        } else {
            wrong(failed());
        }
    }

    /** Not on the loop: it takes as long as PBKDF2 does. */
    private void password(String password) {
        lookUp(known -> {
            if (guessesTooMuch()) {
                return;
            }
            try {
                sessions.proofs().execute(() -> check(known, password));
            } catch (RejectedExecutionException e) {
                refuse(LoginError.TOO_MANY_PROOFS.with(Offload.MOST_PROOFS));
            }
        });
    }

    /** On a thread of {@link Sessions#proofs}. Who leaves before the answer has guessed all the same. */
    private void check(Expected known, String password) {
        if (!channel.isActive()) {
            return;
        }
        long refused = sessions.failedLogins().nanosRefused(address(), startup.user());
        if (refused > 0) {
            onLoop(() -> refuseGuesser(refused));
            return;
        }
        ScramKeys keys = known.check(password);
        if (keys != null) {
            onLoop(() -> right(keys, null));
        } else {
            long delay = failed();
            onLoop(() -> wrong(delay));
        }
    }

    private void onLoop(Runnable then) {
        loop.loop().execute(() -> {
            if (!login.isOver()) {
                then.run();
            }
        });
    }

    /**
     * If something else is configured since the client was asked, its answer must be right by that as well.
     *
     * @param keys if it has brought some
     * @param last of SASL, which is still to be sent; null: not SASL
     */
    private void right(@Nullable ScramKeys keys, byte @Nullable [] last) {
        if (sessions.rulesNumber() == number) {
            comeIn(keys, last);
        } else if (admit() != null) {
            StoredPassword fitted = known().stored();
            lookUp(now -> {
                if (Objects.equals(fitted, now.stored())) {
                    right(keys, last);
                } else {
                    wrong(failed());
                }
            });
        }
    }

    private void comeIn(@Nullable ScramKeys keys, byte @Nullable [] last) {
        if (last != null) {
            ByteBuf out = channel.alloc().buffer(64);
            BackendWriter.authenticationSaslFinal(out, last);
            channel.write(out, channel.voidPromise());
        }
        sessions.authenticator().proved(startup.database(), known(), keys);
        login.authenticated();
    }

    /**
     * Counts a wrong password; any thread.
     *
     * @return how long the answer is to be held back, in nanoseconds
     */
    private long failed() {
        sessions.authenticator().disproved(startup.database(), startup.user());
        return sessions.failedLogins().failed(address(), startup.user());
    }

    private void wrong(long delayNanos) {
        sessions.refusals().info("client {}: password authentication failed", channel.remoteAddress());
        ErrorFields error = LoginError.PASSWORD_FAILED.with(startup.user());
        if (delayNanos == 0) {
            login.refuse(error);
        } else {
            loop.loop().schedule(() -> login.refuse(error), delayNanos, TimeUnit.NANOSECONDS);
        }
    }

    private void refuse(ErrorFields error) {
        sessions.refusals().info("client {} refused: {}", channel.remoteAddress(), error.routine());
        login.refuse(error);
    }

    private InetAddress address() {
        return channel.remoteAddress() instanceof InetSocketAddress remote
                ? remote.getAddress()
                : InetAddress.getLoopbackAddress();
    }

    private Expected known() {
        return Objects.requireNonNull(expected);
    }

    private static ProtocolViolation violation(String message) {
        return new ProtocolViolation(SqlState.PROTOCOL_VIOLATION, message);
    }
}
