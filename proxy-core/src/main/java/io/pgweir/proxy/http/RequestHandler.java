package io.pgweir.proxy.http;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.handler.timeout.IdleStateEvent;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers the requests of one HTTP connection in their order, one at a time, and no faster than the client takes the answers: the
 * memory for them is that of the sessions.
 */
final class RequestHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    /** More requests than this, come in one piece and ahead of their answers, end the connection. */
    private static final int MOST_WAITING = 16;

    private static final Logger LOG = LoggerFactory.getLogger(RequestHandler.class);

    /** What pages may load and do: their own parts, and ask this server. Only the dashboard loads any. */
    private static final String POLICY =
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final Routes routes;
    private final Access access;
    private final ArrayDeque<Supplier<CompletableFuture<Answer>>> waiting = new ArrayDeque<>(2);
    private boolean answering;
    private boolean malformed;

    RequestHandler(Routes routes, Access access) {
        this.routes = routes;
        this.access = access;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (malformed) {
            return;
        }
        malformed = request.decoderResult().isFailure();
        if (waiting.size() >= MOST_WAITING) {
            ctx.close();
            return;
        }
        waiting.add(answerTo(request));
        answerNext(ctx);
        readWhileNoneWaits(ctx);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        answerNext(ctx);
        readWhileNoneWaits(ctx);
    }

    private void readWhileNoneWaits(ChannelHandlerContext ctx) {
        if (ctx.channel().isActive()) {
            ctx.channel().config().setAutoRead(waiting.isEmpty());
        }
    }

    /** Holds nothing of {@code request} that must be released. */
    private Supplier<CompletableFuture<Answer>> answerTo(FullHttpRequest request) {
        if (malformed) {
            Answer answer = malformed(request.decoderResult().cause());
            return () -> Routes.now(answer);
        }
        HttpMethod method = request.method();
        if (!method.equals(HttpMethod.GET) && !method.equals(HttpMethod.HEAD)) {
            return () -> Routes.now(Answer.text(HttpResponseStatus.METHOD_NOT_ALLOWED, "only GET and HEAD"));
        }
        Request asked = Request.of(request);
        Answer refusal = access.refusal(asked);
        return refusal == null ? () -> routes.answer(asked) : () -> Routes.now(refusal);
    }

    private void answerNext(ChannelHandlerContext ctx) {
        boolean mayAnswer = !answering && ctx.channel().isWritable();
        Supplier<CompletableFuture<Answer>> next = mayAnswer ? waiting.poll() : null;
        if (next == null) {
            return;
        }
        answering = true;
        CompletableFuture<Answer> answer;
        try {
            answer = next.get();
        } catch (RuntimeException e) {
            answer = CompletableFuture.failedFuture(e);
        }
        answer.exceptionally(RequestHandler::failed).thenAccept(found -> {
            send(ctx, found, malformed && waiting.isEmpty());
            answering = false;
            answerNext(ctx);
            readWhileNoneWaits(ctx);
        });
    }

    private static Answer malformed(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return Answer.text(HttpResponseStatus.REQUEST_URI_TOO_LONG, "the request line is too long");
        }
        if (cause instanceof TooLongHttpHeaderException) {
            return Answer.text(HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "the headers are too long");
        }
        return Answer.text(HttpResponseStatus.BAD_REQUEST, "this is not an HTTP request");
    }

    private static Answer failed(Throwable failure) {
        LOG.error("an HTTP request failed", failure);
        return Answer.text(HttpResponseStatus.INTERNAL_SERVER_ERROR, "this failed; see pgweir's log");
    }

    private static void send(ChannelHandlerContext ctx, Answer answer, boolean last) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1, answer.status(), Unpooled.wrappedBuffer(answer.body()));
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, answer.contentType())
                .setInt(HttpHeaderNames.CONTENT_LENGTH, answer.body().length)
                .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE)
                .set("X-Content-Type-Options", "nosniff")
                .set("Content-Security-Policy", POLICY)
                .set("Cross-Origin-Resource-Policy", "same-origin")
                .set("Referrer-Policy", "no-referrer")
                .set("X-Frame-Options", "DENY");
        answer.headers().forEach(response.headers()::set);
        if (answer.status().equals(HttpResponseStatus.METHOD_NOT_ALLOWED)) {
            response.headers().set(HttpHeaderNames.ALLOW, "GET, HEAD");
        }
        if (last) {
            response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        }
        ctx.writeAndFlush(response);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof IdleStateEvent) {
            ctx.close();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (!(cause instanceof IOException)) {
            LOG.debug("HTTP connection {} closed: {}", ctx.channel().remoteAddress(), cause.toString());
        }
        ctx.close();
    }
}
