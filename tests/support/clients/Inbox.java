import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads an inbox with Kafka's own client until a case comes, and prints its content, opened with Nimbus. */
public final class Inbox {
  private Inbox() {}

  public static void main(String[] arguments) throws Exception {
    Map<String, Object> task = JSONObjectUtils.parse(Files.readString(Path.of(arguments[0])));
    JWK key = JWK.parse(JSONObjectUtils.getJSONObject(task, "key"));
    try (var inbox = new KafkaConsumer<>(settings(task), new StringDeserializer(), new ByteArrayDeserializer())) {
      inbox.subscribe(List.of((String) task.get("topic")));
      while (true) {
        for (var record : inbox.poll(Duration.ofSeconds(1))) {
          if (text(record.headers(), "ce_caseid").equals(task.get("case"))) {
            var event = JSONObjectUtils.parse(new String(record.value(), StandardCharsets.UTF_8));
            var sealed = JSONObjectUtils.toJSONString(JSONObjectUtils.getJSONObject(event, "content"));
            System.out.write(Opening.open(sealed, key, text(record.headers(), "ce_submissionid")));
            System.out.println();
            return;
          }
        }
      }
    }
  }

  private static String text(Headers headers, String name) {
    return new String(headers.lastHeader(name).value(), StandardCharsets.UTF_8);
  }

  private static Properties settings(Map<String, Object> task) {
    var settings = new Properties();
    settings.put("bootstrap.servers", task.get("bootstrap"));
    settings.put("security.protocol", task.get("securityProtocol"));
    settings.put("sasl.mechanism", "SCRAM-SHA-512");
    settings.put("sasl.jaas.config", "org.apache.kafka.common.security.scram.ScramLoginModule required username=\""
        + task.get("username") + "\" password=\"" + task.get("password") + "\";");
    settings.put("group.id", task.get("group"));
    settings.put("auto.offset.reset", "earliest");
    settings.put("isolation.level", "read_committed");
    return settings;
  }
}
