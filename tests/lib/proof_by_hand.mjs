// The proof of an entry checked with node's own cryptography and what proto/PROTOCOL.md says, by none of fillgate's code.
// Usage: node proof_by_hand.mjs FILE CA.pem RECEIPT.pub: says what is proven, or fails with what does not hold.
import { createHash, createPublicKey, verify, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";

const [file, caFile, receiptKeyFile] = process.argv.slice(2);
const magic = "fillgate proof v1\n";
const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();
const must = (holds, what) => {
    if (!holds) {
        console.error(`does not hold: ${what}`);
        process.exit(1);
    }
};

// The fields of a protobuf message: number -> values, bytes or BigInt.
function fields(bytes) {
    const found = {};
    let at = 0;
    const varint = () => {
        let value = 0n;
        for (let shift = 0n; ; shift += 7n) {
            const byte = bytes[at++];
            value |= BigInt(byte & 0x7f) << shift;
            if (byte < 0x80) return value;
        }
    };
    while (at < bytes.length) {
        const tag = varint();
        const kind = tag & 7n;
        let value;
        if (kind === 0n) {
            value = varint();
        } else {
            must(kind === 2n, "a field of another kind");
            const length = Number(varint());
            must(at + length <= bytes.length, "a field that is longer than what it stands in");
            value = bytes.subarray(at, at + length);
            at += length;
        }
        (found[tag >> 3n] ??= []).push(value);
    }
    return found;
}

// Section 1: over SHA-256(purpose, 00, message); node hashes by itself.
const signed = (key, purpose, message, signature) =>
    verify("sha256", Buffer.concat([Buffer.from(`${purpose}\0`), message]), { key, dsaEncoding: "ieee-p1363" }, signature);

function varintBytes(value) {
    const bytes = [];
    for (; value >= 0x80n; value >>= 7n) bytes.push(Number(value & 0x7fn) | 0x80);
    return Buffer.from([...bytes, Number(value)]);
}
// A field of FgHead and FgReceipt, whose canonical form is field by field in order.
const bytesField = (number, bytes) => Buffer.concat([varintBytes(BigInt(number << 3 | 2)), varintBytes(BigInt(bytes.length)), bytes]);
const statement = (controller, sequence, hash) =>
    Buffer.concat([bytesField(1, controller), Buffer.from([2 << 3]), varintBytes(sequence), bytesField(3, hash)]);

const whole = readFileSync(file);
must(whole.subarray(0, magic.length).toString() === magic, "the file's beginning");
const proof = fields(whole.subarray(magic.length));
const [sequence] = proof[1];
const batch = fields(proof[3][0]);
const [controller] = batch[1];
const entries = batch[3];
must(batch[2][0] === sequence, "the batch begins with the entry");
let hash = proof[2][0];
for (const entry of entries) hash = sha256(Buffer.from([2]), hash, entry);
const last = sequence + BigInt(entries.length) - 1n;

const certificate = new X509Certificate(proof[4][0]);
must(certificate.verify(new X509Certificate(readFileSync(caFile)).publicKey), "the authority's signature of the certificate");
must(certificate.subject.split("\n").join(",") === `O=fillgate,OU=controller,CN=${controller}`, `the certificate's name ${certificate.subject}`);
const point = /URI:fillgate:device:([0-9a-f]{130})/.exec(certificate.subjectAltName)[1];
const b64url = (hex) => Buffer.from(hex, "hex").toString("base64url");
const journalKey = createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x: b64url(point.slice(2, 66)), y: b64url(point.slice(66)) } });
must(signed(journalKey, "fillgate head v1", statement(controller, last, hash), batch[4][0]), "the controller's signature of its head");

const receipt = fields(proof[5][0]);
must(receipt[1][0].equals(statement(controller, last + 1n, hash)), "the receipt's words");
must(signed(createPublicKey(readFileSync(receiptKeyFile)), "fillgate receipt v1", receipt[1][0], receipt[2][0]), "the bureau's signature of the receipt");

// Section 13, check 6: of an AUTHORISED (5) or ENDED (6) entry by a typed code (identity 1) both persons were proven.
const entry = fields(entries[0]);
const number = (field) => Number(entry[field]?.[0] ?? 0n);
const name = (field) => (entry[field]?.[0] ?? Buffer.alloc(0)).toString().toLowerCase();
if (number(12) === 1 && [5, 6].includes(number(4))) {
    must(name(11) !== "" && name(11) !== name(10), "a second person is named, who is not the operator");
    must([2, 3].includes(number(41)), "the second person was proven by card or PIN");
    must(number(40) !== 0, "how the operator was proven");
}
console.log(`proven: entry ${sequence} of ${controller}: ${entries[0].toString("hex")}`);
