//! The converter and the size program.

use std::fs;

/// Carries out `objcopy … ELF TARGET`: Intel HEX of the program, or an empty image if `.eeprom` is asked for.
pub(crate) fn objcopy(args: &[String]) -> Result<(), String> {
    let [.., elf, target] = args else {
        return Err("fake-objcopy: two files are needed\n".to_owned());
    };
    let text = read(elf)?;
    let eeprom = args.iter().any(|arg| arg == ".eeprom") && args.iter().any(|arg| arg == "-j");
    let image = if eeprom { &[] } else { text.as_bytes() };
    fs::write(target, intel_hex(image))
        .map_err(|error| format!("fake-objcopy: {target}: {error}\n"))
}

/// Carries out `size -A ELF`.
pub(crate) fn size(args: &[String]) -> Result<(), String> {
    let elf = args.last().ok_or("fake-size: no file\n")?;
    let text = read(elf)?;
    let asked = text.lines().find_map(|line| line.strip_prefix("size: "));
    let mut numbers = asked
        .into_iter()
        .flat_map(str::split_whitespace)
        .filter_map(|word| word.parse::<usize>().ok());
    let flash = numbers.next().unwrap_or(text.len());
    let ram = numbers
        .next()
        .unwrap_or(10 + text.matches("object ").count());
    println!(
        "{elf}  :\nsection  size  addr\n.text  {flash}  0\n.data  0  8388864\n.bss  {ram}  8388870\nTotal  {}\n",
        flash + ram
    );
    Ok(())
}

fn read(elf: &str) -> Result<String, String> {
    fs::read_to_string(elf).map_err(|error| format!("{elf}: {error}\n"))
}

/// Writes bytes as Intel HEX, 16 in a record, from address 0; past 64 KiB addresses start again, which no test minds.
fn intel_hex(bytes: &[u8]) -> String {
    let mut text = String::new();
    for (index, record) in bytes.chunks(16).enumerate() {
        let [.., high, low] = (index * 16).to_be_bytes();
        let mut line = vec![u8::try_from(record.len()).unwrap_or(16), high, low, 0];
        line.extend(record);
        let sum = line.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
        line.push(sum.wrapping_neg());
        text.push(':');
        line.iter()
            .for_each(|byte| text.push_str(&format!("{byte:02X}")));
        text.push('\n');
    }
    text + ":00000001FF\n"
}
