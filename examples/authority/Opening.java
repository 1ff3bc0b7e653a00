import com.nimbusds.jose.JWEHeader;
import com.nimbusds.jose.JWEObjectJSON;
import com.nimbusds.jose.crypto.ECDHDecrypter;
import com.nimbusds.jose.crypto.RSADecrypter;
import com.nimbusds.jose.crypto.X25519Decrypter;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.OctetKeyPair;
import com.nimbusds.jose.jwk.RSAKey;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Opens sealed content in Java with Nimbus JOSE+JWT, from 9.37 on.
 *
 * <p>Nimbus looks for {@code alg} and {@code epk} in the protected header only. They stand in the recipient's header (RFC 7516,
 * 7.2.1), so both headers are put together here. The authentication tag covers the protected header alone, as it came.
 */
public final class Opening {
  private Opening() {}

  /** The plaintext; what was sealed for another submission is not ours to file. */
  public static byte[] open(String sealed, JWK key, String submission) throws Exception {
    JWEObjectJSON object = JWEObjectJSON.parse(sealed);
    Map<String, Object> header = new HashMap<>(object.getHeader().toJSONObject());
    if (!submission.equals(header.get("submissionId"))) {
      throw new IllegalArgumentException("the content belongs to another submission");
    }
    for (JWEObjectJSON.Recipient recipient : object.getRecipients()) {
      if (!key.getKeyID().equals(recipient.getUnprotectedHeader().getKeyID())) {
        continue;
      }
      header.putAll(recipient.getUnprotectedHeader().toJSONObject());
      byte[] covered = object.getHeader().toBase64URL().toString().getBytes(StandardCharsets.US_ASCII);
      return decrypt(object, JWEHeader.parse(header), recipient, covered, key);
    }
    throw new IllegalArgumentException("the content is not sealed to our key; tried " + key.getKeyID());
  }

  private static byte[] decrypt(
      JWEObjectJSON object, JWEHeader header, JWEObjectJSON.Recipient recipient, byte[] covered, JWK key)
      throws Exception {
    var wrapped = recipient.getEncryptedKey();
    var iv = object.getIV();
    var text = object.getCipherText();
    var tag = object.getAuthTag();
    if (key instanceof ECKey own) {
      return new ECDHDecrypter(own).decrypt(header, wrapped, iv, text, tag, covered);
    }
    if (key instanceof OctetKeyPair own) {
      return new X25519Decrypter(own).decrypt(header, wrapped, iv, text, tag, covered);
    }
    return new RSADecrypter((RSAKey) key).decrypt(header, wrapped, iv, text, tag, covered);
  }
}
