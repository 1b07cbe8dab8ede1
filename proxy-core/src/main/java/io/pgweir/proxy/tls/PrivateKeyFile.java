package io.pgweir.proxy.tls;

import io.pgweir.proxy.settings.Secret;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Cipher;
import javax.crypto.EncryptedPrivateKeyInfo;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.jspecify.annotations.Nullable;

/** Reads a private key from PEM: PKCS #8, encrypted or not, and the older forms of RSA and EC keys, not encrypted. */
final class PrivateKeyFile {
    private static final byte[] VERSION_0 = {2, 1, 0};
    /** SEQUENCE { rsaEncryption, NULL }. */
    private static final byte[] RSA = HexFormat.of().parseHex("300d06092a864886f70d0101010500");
    /** OBJECT IDENTIFIER id-ecPublicKey. */
    private static final byte[] EC = HexFormat.of().parseHex("06072a8648ce3d0201");

    private static final int SEQUENCE = 0x30;
    private static final int OCTET_STRING = 0x04;
    private static final int PARAMETERS = 0xa0;

    private final TlsFile file;
    private final @Nullable Secret password;

    PrivateKeyFile(TlsFile file, @Nullable Secret password) {
        this.file = file;
        this.password = password;
    }

    PrivateKey read() throws TlsFault {
        for (Pem block : Pem.blocks(file)) {
            switch (block.type()) {
                case "PRIVATE KEY":
                    return key(block.der());
                case "ENCRYPTED PRIVATE KEY":
                    return key(decrypted(block.der()));
                case "RSA PRIVATE KEY":
                    return key(pkcs8(RSA, notEncrypted(block.der())));
                case "EC PRIVATE KEY":
                    byte[] der = notEncrypted(block.der());
                    return key(pkcs8(sequence(EC, curve(der)), der));
                default:
                // parameters, or the certificate in the same file
            }
        }
        throw new TlsFault(file.label() + " holds no private key");
    }

    private PrivateKey key(byte[] pkcs8) throws TlsFault {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(pkcs8);
        for (String algorithm : List.of("RSA", "EC", "Ed25519", "Ed448", "RSASSA-PSS")) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException another) {
                // of another algorithm
            } catch (GeneralSecurityException e) {
                throw unreadable(e);
            }
        }
        throw new TlsFault(file.label() + " holds a private key of a kind that is not known: use RSA or EC");
    }

    private byte[] decrypted(byte[] der) throws TlsFault {
        if (password == null) {
            throw new TlsFault(file.label() + " is encrypted: "
                    + (file.setting().equals("sslkey")
                            ? "give its password as sslpassword"
                            : "pgweir starts unattended, so write it without a password (openssl pkey -in FILE)"));
        }
        try {
            EncryptedPrivateKeyInfo info = new EncryptedPrivateKeyInfo(der);
            // With PBES2 the name of the whole scheme is what its parameters call themselves.
            String scheme = info.getAlgParameters() == null
                    ? info.getAlgName()
                    : info.getAlgParameters().toString();
            SecretKey key = SecretKeyFactory.getInstance(scheme)
                    .generateSecret(new PBEKeySpec(password.reveal().toCharArray()));
            Cipher cipher = Cipher.getInstance(scheme);
            cipher.init(Cipher.DECRYPT_MODE, key, info.getAlgParameters());
            return info.getKeySpec(cipher).getEncoded();
        } catch (InvalidKeySpecException e) {
            throw new TlsFault(file.label() + " cannot be decrypted: is sslpassword its password?", e);
        } catch (IOException | GeneralSecurityException e) {
            throw unreadable(e);
        }
    }

    private byte[] notEncrypted(byte[] der) throws TlsFault {
        if (der.length < 2 || (der[0] & 0xff) != SEQUENCE) {
            throw new TlsFault(
                    file.label() + " is damaged, or encrypted in an old way: write it anew with openssl pkcs8 -topk8");
        }
        return der;
    }

    private TlsFault unreadable(Exception cause) {
        return new TlsFault(file.label() + " holds a private key that cannot be read: " + cause.getMessage(), cause);
    }

    // ---- the little of DER that it takes

    private static byte[] pkcs8(byte[] algorithm, byte[] key) {
        return sequence(VERSION_0, algorithm, element(OCTET_STRING, key));
    }

    private static byte[] sequence(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return element(SEQUENCE, all.toByteArray());
    }

    private static byte[] element(int tag, byte[] contents) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        int length = contents.length;
        if (length < 0x80) {
            out.write(length);
        } else if (length < 0x100) {
            out.write(0x81);
            out.write(length);
        } else {
            out.write(0x82);
            out.write(length >> 8);
            out.write(length);
        }
        out.writeBytes(contents);
        return out.toByteArray();
    }

    /** The curve's OBJECT IDENTIFIER, which SEC 1 has behind the key, as [0]. */
    private byte[] curve(byte[] sec1) throws TlsFault {
        int at = contentsAt(sec1, 0);
        int end = Math.min(sec1.length, at + lengthAt(sec1, 0));
        while (at >= 0 && at + 1 < end) {
            int from = contentsAt(sec1, at);
            int length = lengthAt(sec1, at);
            if (length < 0 || from + length > end) {
                break;
            }
            if ((sec1[at] & 0xff) == PARAMETERS) {
                return Arrays.copyOfRange(sec1, from, from + length);
            }
            at = from + length;
        }
        throw new TlsFault(file.label() + " does not name its curve: write it anew with openssl pkcs8 -topk8");
    }

    private static int contentsAt(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        return at + 2 + (first < 0x80 ? 0 : first & 0x7f);
    }

    /** -1 for lengths that no key has. */
    private static int lengthAt(byte[] der, int at) {
        int first = der[at + 1] & 0xff;
        if (first < 0x80) {
            return first;
        }
        if (first == 0x81 && at + 2 < der.length) {
            return der[at + 2] & 0xff;
        }
        return first == 0x82 && at + 3 < der.length ? (der[at + 2] & 0xff) << 8 | der[at + 3] & 0xff : -1;
    }
}
