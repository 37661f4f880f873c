import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** Sends a request with each HTTP client of the JDK. */
public class Check {
  public static void main(String[] arguments) throws Exception {
    URI uri = URI.create(arguments[0]);
    HttpRequest request = HttpRequest.newBuilder(uri).build();
    expectSuccess(HttpClient.newHttpClient().send(request, BodyHandlers.discarding()).statusCode());
    expectSuccess(((HttpURLConnection) uri.toURL().openConnection()).getResponseCode());
  }

  private static void expectSuccess(int status) {
    if (status != 200) {
      throw new IllegalStateException("status " + status);
    }
  }
}
