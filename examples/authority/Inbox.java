import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;

/** Reads the next record of an authority's inbox, opens it, accepts the case and confirms the record. */
public final class Inbox {
  private static final HttpClient HTTP = HttpClient.newHttpClient();

  /** The file with the access, and the authority's id. */
  public static void main(String[] arguments) throws Exception {
    var stack = JSONObjectUtils.parse(Files.readString(Path.of(arguments[0])));
    var urls = JSONObjectUtils.getJSONObject(stack, "urls");
    var access = in(JSONObjectUtils.getJSONObject(stack, "authorities"), arguments[1]);
    String bearer = "Bearer " + token((String) urls.get("intake"), access);
    String doors = (String) urls.get("router");
    var stored = JSONObjectUtils.parse(Files.readString(Path.of(arguments[0]).resolveSibling((String) access.get("decryptionKeyFile"))));

    var page = ask(request(doors + "/v1/inbox?wait=30&limit=1", bearer).GET());
    var records = JSONObjectUtils.getJSONObjectArray(page, "records");
    if (records.length == 0) {
      System.out.println("Nichts Neues in 30 Sekunden (nothing new in 30 seconds)");
      return;
    }
    var headers = in(records[0], "headers");
    var content = in(in(records[0], "event"), "content");
    String submission = (String) headers.get("ce_submissionid");
    byte[] opened = Opening.open(JSONObjectUtils.toJSONString(content), own(stored, content), submission);
    System.out.println(new String(opened, StandardCharsets.UTF_8));

    String given = (String) headers.get("ce_caseid");
    var answer = Map.<String, Object>of("id", headers.get("ce_id") + ":accepted", "caseId", given, "kind", "accepted", "givenAt", Instant.now().toString());
    System.out.println(ask(request(doors + "/v1/answers", bearer).POST(json(answer))));
    ask(request(doors + "/v1/inbox/confirmation", bearer).POST(json(Map.of("cursor", records[0].get("cursor")))));
  }

  /** The key of the file; while the authority changes its key it holds a set, and the content is sealed to one or both. */
  private static JWK own(Map<String, Object> stored, Map<String, Object> content) throws Exception {
    if (!stored.containsKey("keys")) {
      return JWK.parse(stored);
    }
    var keys = JWKSet.parse(stored);
    for (var recipient : JSONObjectUtils.getJSONObjectArray(content, "recipients")) {
      JWK key = keys.getKeyByKeyId((String) in(recipient, "header").get("kid"));
      if (key != null) {
        return key;
      }
    }
    throw new IllegalArgumentException("the content is sealed to none of our keys");
  }

  private static String token(String intake, Map<String, Object> access) throws Exception {
    String login = access.get("clientId") + ":" + access.get("secret");
    String basic = "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
    var form = BodyPublishers.ofString("grant_type=client_credentials&scope=inbox.read%20answers.write");
    var asked = request(intake + "/token", basic).setHeader("Content-Type", "application/x-www-form-urlencoded");
    return (String) ask(asked.POST(form)).get("access_token");
  }

  private static HttpRequest.Builder request(String address, String authorization) {
    return HttpRequest.newBuilder(URI.create(address))
        .header("Authorization", authorization)
        .header("Content-Type", "application/json");
  }

  private static Map<String, Object> ask(HttpRequest.Builder request) throws Exception {
    var answer = HTTP.send(request.build(), BodyHandlers.ofString());
    if (answer.statusCode() >= 300) {
      throw new IllegalStateException(answer.statusCode() + " " + answer.body());
    }
    return answer.body().isEmpty() ? Map.of() : JSONObjectUtils.parse(answer.body());
  }

  private static HttpRequest.BodyPublisher json(Map<String, Object> document) {
    return BodyPublishers.ofString(JSONObjectUtils.toJSONString(document));
  }

  private static Map<String, Object> in(Map<String, Object> document, String member) throws Exception {
    return JSONObjectUtils.getJSONObject(document, member);
  }
}
