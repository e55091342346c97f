package dev.weir.fuse.protocol;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * One decoded request: a reusable view over header, operation struct and payload, which may lie in different buffers.
 *
 * <p>The values of the header are copied, so they outlive the buffers: a reply may be encoded over its own request.
 * Body and payload are not copied; read what is needed of them before the buffer serves another purpose.
 *
 * <p>Thread: one owner at a time; hand it over with a happens-before edge. Decoding into it overwrites everything.
 */
public final class FuseRequest {
    private static final ByteBuffer NONE = ByteBuffer.allocate(0).order(ByteOrder.nativeOrder());

    private @Nullable FuseOpcode opcode;
    private int rawOpcode;
    private int length;
    private long unique;
    private long nodeid;
    private int uid;
    private int gid;
    private int pid;
    private boolean expectsReply;

    private ByteBuffer body = NONE;
    private int bodyAt;
    private int bodyLength;
    private ByteBuffer payload = NONE;
    private int payloadAt;
    private int payloadLength;

    /** An empty request, to be decoded into. */
    public FuseRequest() {}

    /**
     * The operation.
     *
     * @throws IllegalStateException if nothing was decoded, or an operation that is not known
     */
    public FuseOpcode opcode() {
        FuseOpcode known = opcode;
        if (known == null) {
            throw new IllegalStateException("no known opcode: " + rawOpcode);
        }
        return known;
    }

    /** Number of the operation as it came; 0 if not even the header was whole. */
    public int rawOpcode() {
        return rawOpcode;
    }

    /** Names the request; a reply repeats it. */
    public long unique() {
        return unique;
    }

    /** Inode that the request is about. */
    public long nodeid() {
        return nodeid;
    }

    /** User of the caller. */
    public int uid() {
        return uid;
    }

    /** Group of the caller. */
    public int gid() {
        return gid;
    }

    /** Process of the caller, or 0. */
    public int pid() {
        return pid;
    }

    /** Length of the whole request in bytes, as its header says. */
    public int length() {
        return length;
    }

    /** Whether a reply is due, be it of success or of the error that {@link DecodeResult#errno()} names. */
    public boolean expectsReply() {
        return expectsReply;
    }

    /** Buffer that holds the struct of the operation; read it by absolute position only. */
    public ByteBuffer body() {
        return body;
    }

    /** Position of the struct in {@link #body()}. */
    public int bodyAt() {
        return bodyAt;
    }

    /** Bytes of the struct: {@link FuseOpcode#minimumBody()}, or 64 for a long INIT. 0 if decoding failed. */
    public int bodyLength() {
        return bodyLength;
    }

    /** Buffer that holds the payload; read it by absolute position only. */
    public ByteBuffer payload() {
        return payload;
    }

    /** Position of the payload in {@link #payload()}. */
    public int payloadAt() {
        return payloadAt;
    }

    /** Bytes of data that a READ asks for or a WRITE brings; 0 for others. */
    public int transferLength() {
        return opcode() == FuseOpcode.READ ? FuseReadIn.size(body, bodyAt) : payloadLength;
    }

    /** Bytes of the payload, extensions not counted. 0 if there is none or decoding failed. */
    public int payloadLength() {
        return payloadLength;
    }

    /** Forgets everything, so that no buffer is held on to. */
    public void clear() {
        opcode = null;
        rawOpcode = 0;
        length = 0;
        unique = 0;
        nodeid = 0;
        uid = 0;
        gid = 0;
        pid = 0;
        expectsReply = false;
        clearParts();
    }

    void clearParts() {
        setBody(NONE, 0, 0);
        setPayload(NONE, 0, 0);
    }

    /** Copies the header; the request then expects no reply until {@link #setOpcode} says otherwise. */
    void setHeader(ByteBuffer buffer, int at) {
        length = FuseInHeader.len(buffer, at);
        rawOpcode = FuseInHeader.opcode(buffer, at);
        unique = FuseInHeader.unique(buffer, at);
        nodeid = FuseInHeader.nodeid(buffer, at);
        uid = FuseInHeader.uid(buffer, at);
        gid = FuseInHeader.gid(buffer, at);
        pid = FuseInHeader.pid(buffer, at);
        opcode = null;
        expectsReply = false;
        clearParts();
    }

    void setOpcode(@Nullable FuseOpcode opcode) {
        this.opcode = opcode;
        this.expectsReply = opcode == null || opcode.replied();
    }

    void setBody(ByteBuffer buffer, int at, int length) {
        this.body = buffer;
        this.bodyAt = at;
        this.bodyLength = length;
    }

    void setPayload(ByteBuffer buffer, int at, int length) {
        this.payload = buffer;
        this.payloadAt = at;
        this.payloadLength = length;
    }
}
