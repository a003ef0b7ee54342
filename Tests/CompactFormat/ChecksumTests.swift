import CLatheChecksum
import LatheTestSupport
import Testing

@Suite struct ChecksumTests {
  @Test func knownAnswers() {
    let digits = Array("123456789".utf8)
    #expect(lathe_crc32c(0, digits, digits.count) == 0xE306_9283)
    #expect(lathe_crc32c_scalar(0, digits, digits.count) == 0xE306_9283)
    // RFC 3720, B.4.
    let zeros = [UInt8](repeating: 0, count: 32)
    #expect(lathe_crc32c(0, zeros, 32) == 0x8A91_36AA)
    #expect(lathe_crc32c(0, Array(0..<32) as [UInt8], 32) == 0x46DD_794E)
  }

  @Test func everyLengthAgreesWithTheScalarTwin() {
    var random = SeededGenerator(seed: 4)
    let bytes = random.bytes(300_000)
    bytes.withUnsafeBytes { raw in
      for _ in 0..<300 {
        let start = random.below(64)
        let length = random.chance(2) ? random.below(200) : random.below(raw.count - 64)
        let initial = UInt32.random(in: .min ... .max, using: &random)
        let pointer = raw.baseAddress.map { $0 + start }
        #expect(lathe_crc32c(initial, pointer, length) == lathe_crc32c_scalar(initial, pointer, length))
      }
    }
    #expect(SealedFile.crc(bytes) == lathe_crc32c(0, bytes, bytes.count))
  }

  @Test func partsMakeTheWhole() {
    var random = SeededGenerator(seed: 8)
    let bytes = random.bytes(120_000)
    let whole = lathe_crc32c(0, bytes, bytes.count)
    bytes.withUnsafeBytes { raw in
      for _ in 0..<20 {
        let cut = random.below(raw.count)
        let first = lathe_crc32c(0, raw.baseAddress, cut)
        #expect(lathe_crc32c(first, raw.baseAddress.map { $0 + cut }, raw.count - cut) == whole)
      }
    }
  }
}
