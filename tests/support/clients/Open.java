import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Opens the examples of its arguments with Nimbus and prints each plaintext in a line. */
public final class Open {
  private Open() {}

  public static void main(String[] paths) throws Exception {
    for (String path : paths) {
      Map<String, Object> example = JSONObjectUtils.parse(Files.readString(Path.of(path)));
      JWK key = JWK.parse(JSONObjectUtils.getJSONObject(example, "key"));
      String sealed = JSONObjectUtils.toJSONString(JSONObjectUtils.getJSONObject(example, "sealed"));
      System.out.write(Opening.open(sealed, key, JSONObjectUtils.getString(example, "submissionId")));
      System.out.println();
    }
  }
}
