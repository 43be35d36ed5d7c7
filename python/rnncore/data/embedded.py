from pathlib import Path

SERIES = Path(__file__).with_name("jfk_temperature_2013.csv")
MODEL = Path(__file__).with_name("jfk_temperature_2013.safetensors")
