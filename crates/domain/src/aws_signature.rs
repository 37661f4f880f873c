//! Signatures of AWS requests (Signature Version 4): the scope that one is valid for, and what a client's own
//! signature says about it. Nothing here is secret.

use std::fmt;

use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue};

/// The scope for which the gateway will sign a request, as `REGION/SERVICE`. It takes the place of the
/// client's own signature in the request that is assessed, shown and digested, and is replaced by the
/// gateway's signature when the request is sent.
pub const SIGNING_SCOPE: HeaderName = HeaderName::from_static("x-signing-scope");

/// The digest of the body, or a word that says why there is none.
pub const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");

/// The value of [`CONTENT_SHA256`] of a request whose signature does not cover its body.
pub const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// The value of [`CONTENT_SHA256`] of a request whose body is in chunks with a checksum at the end, and whose
/// signature does not cover them.
pub const UNSIGNED_CHUNKS: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// The scheme of a signature in `Authorization`, and the value of [`ALGORITHM_PARAM`].
pub const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The query parameter that marks a request that is signed in its query.
pub const ALGORITHM_PARAM: &str = "X-Amz-Algorithm";

/// The query parameter with the access key ID and the scope of the signature.
pub const CREDENTIAL_PARAM: &str = "X-Amz-Credential";

/// The headers that a signature sets. An agent's own headers with these names are never forwarded.
pub const SIGNATURE_HEADERS: [HeaderName; 5] = [
    AUTHORIZATION,
    HeaderName::from_static("x-amz-date"),
    HeaderName::from_static("x-amz-security-token"),
    CONTENT_SHA256,
    SIGNING_SCOPE,
];

/// The length limit of a region and of a service, in characters. The longest known ones have half of that.
const PART_CHARS_MAX: usize = 64;

/// The region of services that have one endpoint for all regions.
const GLOBAL_REGION: &str = "us-east-1";

/// Signing names of services whose host name begins with another word.
const SIGNING_NAMES: &[(&str, &str)] = &[
    ("api.ecr", "ecr"),
    ("api.ecr-public", "ecr-public"),
    ("api.pricing", "pricing"),
    ("api.sagemaker", "sagemaker"),
    ("bedrock-agent", "bedrock"),
    ("bedrock-agent-runtime", "bedrock"),
    ("bedrock-runtime", "bedrock"),
    ("email", "ses"),
    ("runtime.sagemaker", "sagemaker"),
    ("streams.dynamodb", "dynamodb"),
];

/// The region and the service of a signature, each if it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartialScope {
    /// The region.
    pub region: Option<String>,
    /// The service, by its signing name.
    pub service: Option<String>,
}

impl PartialScope {
    /// Returns this scope, with what it lacks from another one.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            region: self.region.or(other.region),
            service: self.service.or(other.service),
        }
    }

    /// Returns the scope in the credential of a client's own signature,
    /// `ACCESS-KEY-ID/DATE/REGION/SERVICE/aws4_request`.
    pub fn of_credential(credential: &str) -> Self {
        let mut parts = credential.rsplit('/');
        if parts.next() != Some("aws4_request") {
            return Self::default();
        }
        let service = parts.next().filter(|part| is_part(part));
        let region = parts.next().filter(|part| is_part(part));
        Self {
            region: region.map(str::to_owned),
            service: service.map(str::to_owned),
        }
    }

    /// Returns the scope that the host name of an AWS endpoint implies.
    pub fn of_host(host: &str) -> Self {
        let known = |region: &str, service: &str| Self {
            region: Some(region.to_owned()),
            service: Some(service.to_owned()),
        };
        if let Some(rest) = host.strip_suffix(".on.aws") {
            // `ID.lambda-url.REGION.on.aws`.
            return match rest.rsplit_once(".lambda-url.") {
                Some((_, region)) if is_region(region) => known(region, "lambda"),
                _ => Self::default(),
            };
        }
        let suffixes = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws"];
        let Some(rest) = suffixes.iter().find_map(|suffix| host.strip_suffix(suffix)) else {
            return Self::default();
        };
        let labels: Vec<&str> = rest.split('.').collect();
        let mut labels = labels.as_slice();
        let mut region = None;
        if let [before @ .., last] = labels
            && is_region(last)
        {
            (labels, region) = (before, Some(*last));
        }
        if let [before @ .., "dualstack"] = labels {
            labels = before;
        }
        let (last, before) = match labels {
            [.., before, last] => (*last, Some(*before)),
            [last] => (*last, None),
            [] => return Self::default(),
        };
        // `BUCKET.s3-REGION`, and `DOMAIN.REGION.es`.
        if let Some(region) = last.strip_prefix("s3-").filter(|region| is_region(region)) {
            return known(region, "s3");
        }
        if let (None, "es", Some(before)) = (region, last, before)
            && is_region(before)
        {
            return known(before, last);
        }
        let last = last.strip_suffix("-fips").unwrap_or(last);
        if last == "s3-accelerate" {
            return Self {
                region: None,
                service: Some("s3".to_owned()),
            };
        }
        let longer = before.map(|before| format!("{before}.{last}"));
        let named = SIGNING_NAMES
            .iter()
            .find(|(name, _)| *name == last || longer.as_deref() == Some(*name));
        let service = named.map_or(last, |(_, service)| *service);
        known(region.unwrap_or(GLOBAL_REGION), service)
    }
}

/// The region and the service that a signature is valid for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningScope {
    /// The region.
    pub region: String,
    /// The service, by its signing name.
    pub service: String,
}

impl SigningScope {
    /// Parses the value of [`SIGNING_SCOPE`].
    pub fn parse(value: &HeaderValue) -> Option<Self> {
        let (region, service) = value.to_str().ok()?.split_once('/')?;
        (is_part(region) && is_part(service)).then(|| Self {
            region: region.to_owned(),
            service: service.to_owned(),
        })
    }

    /// Returns whether the service is S3 or shares its rules: the path is not encoded a second time, and a
    /// signature in the query does not cover the body.
    pub fn is_s3(&self) -> bool {
        matches!(
            self.service.as_str(),
            "s3" | "s3express" | "s3-object-lambda" | "s3-outposts"
        )
    }
}

impl fmt::Display for SigningScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.region, self.service)
    }
}

/// Returns the access key ID and scope in an `Authorization` header, if it is a signature.
pub fn credential(authorization: &HeaderValue) -> Option<&str> {
    let parameters = authorization.to_str().ok()?.strip_prefix(ALGORITHM)?;
    let mut parameters = parameters.split(',').map(str::trim);
    parameters.find_map(|parameter| parameter.strip_prefix("Credential="))
}

/// Returns whether a text can be a region or a service in a scope.
pub fn is_part(text: &str) -> bool {
    (1..=PART_CHARS_MAX).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Returns whether a label of a host name is a region, such as `eu-central-1` or `us-gov-west-1`.
fn is_region(label: &str) -> bool {
    let mut words = label.split('-');
    let begins = words.next().is_some_and(|word| {
        (2..=4).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase())
    });
    let Some((number, directions)) = words.collect::<Vec<_>>().split_last().map(|(last, rest)| {
        (
            last.bytes().all(|byte| byte.is_ascii_digit()) && !last.is_empty(),
            rest.to_vec(),
        )
    }) else {
        return false;
    };
    let is_word =
        |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    begins && number && !directions.is_empty() && directions.into_iter().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(scope: &PartialScope) -> (&str, &str) {
        let text = |part: &'_ Option<String>| part.clone().unwrap_or_default().leak();
        (text(&scope.region), text(&scope.service))
    }

    #[test]
    fn the_host_name_of_an_endpoint_implies_region_and_service() {
        for (host, region, service) in [
            ("s3.eu-central-1.amazonaws.com", "eu-central-1", "s3"),
            ("bucket.s3.eu-central-1.amazonaws.com", "eu-central-1", "s3"),
            (
                "my.bucket.s3.dualstack.us-west-2.amazonaws.com",
                "us-west-2",
                "s3",
            ),
            ("s3-us-west-2.amazonaws.com", "us-west-2", "s3"),
            ("bucket.s3-us-west-2.amazonaws.com", "us-west-2", "s3"),
            ("bucket.s3.amazonaws.com", "us-east-1", "s3"),
            ("s3-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1", "s3"),
            ("bucket.s3-accelerate.amazonaws.com", "", "s3"),
            ("dynamodb.us-east-1.amazonaws.com", "us-east-1", "dynamodb"),
            (
                "streams.dynamodb.eu-west-1.amazonaws.com",
                "eu-west-1",
                "dynamodb",
            ),
            ("iam.amazonaws.com", "us-east-1", "iam"),
            ("sts.cn-north-1.amazonaws.com.cn", "cn-north-1", "sts"),
            (
                "a1b2.execute-api.eu-west-3.amazonaws.com",
                "eu-west-3",
                "execute-api",
            ),
            (
                "bedrock-runtime.us-east-1.amazonaws.com",
                "us-east-1",
                "bedrock",
            ),
            ("email.eu-west-1.amazonaws.com", "eu-west-1", "ses"),
            ("api.ecr.eu-west-1.amazonaws.com", "eu-west-1", "ecr"),
            ("search-x-1.us-east-2.es.amazonaws.com", "us-east-2", "es"),
            ("lambda.eu-west-1.api.aws", "eu-west-1", "lambda"),
            ("abc.lambda-url.eu-west-1.on.aws", "eu-west-1", "lambda"),
            ("api.example.com", "", ""),
            ("amazonaws.com.example.com", "", ""),
        ] {
            let scope = PartialScope::of_host(host);
            assert_eq!(parts(&scope), (region, service), "{host}");
        }
    }

    #[test]
    fn the_scope_of_a_client_is_read_from_its_credential() {
        let signed = "AWS4-HMAC-SHA256 Credential=AKID/20261201/eu-west-1/sqs/aws4_request, \
                      SignedHeaders=host, Signature=0";
        let signed = HeaderValue::from_static(signed);
        let scope = PartialScope::of_credential(credential(&signed).unwrap());
        assert_eq!(parts(&scope), ("eu-west-1", "sqs"));
        let scope = PartialScope::of_credential("AKID/20261201/a_b/s3/aws4_request");
        assert_eq!(parts(&scope), ("", "s3"));
        assert_eq!(
            PartialScope::of_credential("AKID/a/b"),
            PartialScope::default()
        );
        for other in ["Bearer x", "AWS AKID:x", "AWS4-HMAC-SHA256 Signature=0"] {
            assert_eq!(credential(&HeaderValue::from_static(other)), None);
        }
    }

    #[test]
    fn a_scope_with_other_characters_is_not_one() {
        for text in ["eu/s3/x", "eu\u{20}/s3", "/s3", "eu/", "eu", "e_u/s3"] {
            assert!(SigningScope::parse(&HeaderValue::from_str(text).unwrap()).is_none());
        }
        let scope = SigningScope::parse(&HeaderValue::from_static("eu-west-1/s3")).unwrap();
        assert_eq!(scope.to_string(), "eu-west-1/s3");
    }
}
